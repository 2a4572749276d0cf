// A consumer against a ledger that never looks into the database: whatever is posted, fails, rests, dies or waits, in
// whatever order, every event is handed over at least once, in order, and none is passed over.

import { expect, test } from 'bun:test'
import { array, assert, asyncProperty, constantFrom, integer, record } from 'fast-check'
import { addConsumer, type Consumer, findConsumer, listAside, openConsumer } from '../../src/core/consumer.ts'
import { filterOf } from '../../src/core/filter.ts'
import { draftOf, type Engine, openEngine, temporaryFolder } from '../support/engine.ts'
import { settled } from '../support/locks-room.ts'
import { createMovedClocks } from '../support/moved-clocks.ts'

const place = { namespace: '', name: 'test:model' }
const retries = 2

const steps = array(
  record({
    kind: constantFrom('post', 'fail', 'skip', 'pause', 'resume', 'pass', 'die', 'quiet'),
    count: integer({ min: 1, max: 4 }),
  }),
  { minLength: 1, maxLength: 25 },
)

/** One life of a home, step by step; then everything is let run to its end. */
const live = async (life: { kind: string; count: number }[]) => {
  using folder = temporaryFolder()
  const clocks = createMovedClocks()
  const posted: number[] = []
  /** what the handler was given, and what it did */
  const given: { seq: number; how: 'handled' | 'skipped' | 'threw' }[] = []
  let failing = 0
  let skipping = 0
  let resting = false
  let process = { dead: false }
  const never = new Promise<never>(() => {})
  let engine: Engine
  let consumer: Consumer

  const begin = (): void => {
    const own = { dead: false }
    process = own
    const steady = clocks.process()
    engine = openEngine(folder.path, { clock: clocks.clock, steady })
    const { log, bus, diary, database } = engine
    const row = findConsumer(database, place)
    if (!row) throw new Error('the consumer is gone')
    consumer = openConsumer({
      log,
      bus,
      clock: clocks.clock,
      steady,
      logger: diary.logger,
      place,
      row,
      retries,
      filters: [filterOf('', { type: 'wanted' }), filterOf('', { channel: 'board:*' })],
      paused: resting,
      handle: async ({ seq }) => {
        if (own.dead) return never
        const how = failing > 0 ? 'threw' : skipping > 0 ? 'skipped' : 'handled'
        if (how === 'threw') failing--
        else if (how === 'skipped') skipping--
        given.push({ seq, how })
        await new Promise((resolve) => setImmediate(resolve))
        if (own.dead) return never
        if (how === 'threw') throw new Error('as it was told')
        return how
      },
      onSetAside: (transaction) => void transaction.append(draftOf({ type: 'set.aside' })),
    })
  }
  const quiet = async (): Promise<void> => {
    for (let n = 0; n < 3; n = consumer.state === 'running' ? 0 : n + 1) await settled(engine)
  }

  engine = openEngine(folder.path, { clock: clocks.clock, steady: clocks.process() })
  await engine.log.commit(({ database }) => addConsumer(database, place, 0))
  engine.close()
  begin()
  for (const { kind, count } of life) {
    if (kind === 'post')
      for (let n = 0; n < count; n++) {
        const draft = n % 2 === 0 ? draftOf({ type: 'wanted' }) : draftOf({ channel: 'board:x', type: 'x' })
        posted.push((await engine.log.append(draft)).seq)
      }
    else if (kind === 'fail') failing += count
    else if (kind === 'skip') skipping += count
    else if (kind === 'pause' || kind === 'resume') {
      resting = kind === 'pause'
      consumer![kind]()
    } else if (kind === 'pass') await clocks.pass(count * 1000, quiet)
    else if (kind === 'quiet') await quiet()
    else {
      // nobody closes the consumer: its process is gone in the middle
      process.dead = true
      engine.close()
      begin()
    }
  }
  resting = false
  consumer!.resume()
  await quiet()
  while (consumer!.state !== 'idle') await clocks.pass(60_000, quiet)
  const aside = listAside(engine.database, place, 1000).map(({ seq }) => seq)
  const { cursor } = consumer!.row
  engine.close()
  return { posted, given, aside, cursor }
}

test('every event is dealt with, in order, whatever happens in between', async () => {
  await assert(
    asyncProperty(steps, async (life) => {
      const { posted, given, aside, cursor } = await live(life)
      const first = [...new Set(given.map(({ seq }) => seq))]
      expect(first).toEqual(posted)
      expect(cursor).toBe(posted.at(-1) ?? 0)
      for (const seq of posted) {
        const tries = given.filter((each) => each.seq === seq)
        const settledOnce = tries.some(({ how }) => how !== 'threw')
        // what is set aside was tried as often as it should be; what is not, was settled
        expect(aside.includes(seq)).toBe(!settledOnce || tries.at(-1)?.how === 'threw')
        expect(tries.filter(({ how }) => how === 'threw').length).toBeLessThanOrEqual(
          retries + 1 + life.length,
        )
      }
      // nothing is handed over behind one that comes later, but for what a death repeated
      const deaths = life.filter(({ kind }) => kind === 'die').length
      const back = given.filter(({ seq }, n) => seq < (given[n - 1]?.seq ?? 0)).length
      expect(back).toBeLessThanOrEqual(deaths)
    }),
    { numRuns: 150 },
  )
}, 120_000)
