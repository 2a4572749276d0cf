// A consumer hands events over in order, at least once, whatever fails and whoever stops it.

import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { PaidError } from '../../src/protocol/error.ts'
import {
  addConsumer,
  type ConsumerRow,
  countAside,
  findConsumer,
  listAside,
  openConsumer,
  type Verdict,
} from '../../src/core/consumer.ts'
import { filterOf } from '../../src/core/filter.ts'
import type { LogEvent } from '../../src/core/log-event.ts'
import { draftOf, type Engine, openEngine, temporaryFolder } from '../support/engine.ts'
import { createMovedClocks } from '../support/moved-clocks.ts'
import { settled } from '../support/locks-room.ts'

const place = { namespace: '', name: 'test:one' }
const kinds = [filterOf('', { type: 'wanted' }), filterOf('', { channel: 'board:*' })]

let folder: ReturnType<typeof temporaryFolder>
let engine: Engine
let clocks: ReturnType<typeof createMovedClocks>
let steady: ReturnType<ReturnType<typeof createMovedClocks>['process']>

beforeEach(() => {
  folder = temporaryFolder()
  clocks = createMovedClocks()
  start()
})
afterEach(() => {
  engine.close()
  folder[Symbol.dispose]()
})

/** A process begins on this home. */
const start = () => {
  steady = clocks.process()
  engine = openEngine(folder.path, { clock: clocks.clock, steady })
}

const rowOf = async (): Promise<ConsumerRow> => {
  const row = findConsumer(engine.database, place)
  if (row) return row
  await engine.log.commit(({ database }) => addConsumer(database, place, engine.log.head))
  return rowOf()
}

type Handle = (event: LogEvent) => Verdict | Promise<Verdict>

/** The consumer, and the events that its handler was given. */
const begin = async (handle: Handle = () => 'handled', { retries = 3, paused = false } = {}) => {
  const given: number[] = []
  const told: string[] = []
  const consumer = openConsumer({
    log: engine.log,
    bus: engine.bus,
    clock: clocks.clock,
    steady,
    logger: engine.diary.logger,
    place,
    row: await rowOf(),
    filters: kinds,
    retries,
    paused,
    handle: async (event) => {
      given.push(event.seq)
      return handle(event)
    },
    onSetAside: (transaction, event, { attempts, message }) => {
      told.push(`${event.id} after ${attempts}: ${message}`)
      transaction.append(draftOf({ type: 'set.aside' }))
    },
  })
  return { consumer, given, told }
}

const post = async (count = 1, type = 'wanted'): Promise<number[]> =>
  (await Promise.all(Array.from({ length: count }, () => engine.log.append(draftOf({ type }))))).map(
    ({ seq }) => seq,
  )
const quiet = async (): Promise<void> => {
  for (let n = 0; n < 4; n++) await settled(engine)
}
/** Longer than the wait before this attempt can be. */
const pass = (ms: number) => clocks.pass(ms * 1.3, quiet)

describe('a consumer', () => {
  test('is given what matches, in order, once each, and nothing from before it began', async () => {
    await post(3)
    const { given, consumer } = await begin()
    const first = await post(5)
    await post(2, 'other')
    const board = await engine.log.append(draftOf({ channel: 'board:main', type: 'other' }))
    const both = await engine.log.append(draftOf({ channel: 'board:main', type: 'wanted' }))
    await engine.log.emit(draftOf({ type: 'wanted' }))
    await quiet()
    expect(given).toEqual([...first, board.seq, both.seq])
    expect(consumer.state).toBe('idle')
    expect(await consumer.backlog(10)).toBe(0)
    expect(findConsumer(engine.database, place)).toMatchObject({ cursor: both.seq, handled: 7, attempts: 0 })
  })

  test('goes through more than one page of what it missed, and is on disk where it is', async () => {
    await rowOf()
    const seqs = await post(700)
    const { given, consumer } = await begin((event) => (event.seq % 2 ? 'handled' : 'skipped'))
    await post(1, 'other')
    while (consumer.state !== 'idle') await quiet()
    expect(given).toEqual(seqs)
    expect(consumer.row).toMatchObject({ cursor: seqs.at(-1), handled: 350 })
  })

  test('hands over one event at a time', async () => {
    let running = 0
    const { given } = await begin(async () => {
      expect(++running).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return 'handled' as const
    })
    const seqs = await post(20)
    while (given.length < 20) await quiet()
    expect(given).toEqual(seqs)
  })

  test('costs nothing while nothing matches: no commit, no timer', async () => {
    const { consumer, given } = await begin()
    await quiet()
    const changes = () => engine.database.query('SELECT total_changes() AS n').get()
    const before = changes()
    await clocks.pass(3_600_000, quiet)
    expect(changes()).toEqual(before)
    expect({ given, state: consumer.state }).toEqual({ given: [], state: 'idle' })
  })

  test('goes on behind its cursor after a restart; what was not settled comes again', async () => {
    const never = Promise.withResolvers<Verdict>()
    const before = await begin((event) => (event.seq === third ? never.promise : 'handled'))
    let third = 0
    const [a = 0, b = 0] = await post(2)
    await quiet()
    third = b + 1
    const rest = await post(3)
    await quiet()
    expect(before.given).toEqual([a, b, third])
    expect(before.consumer.state).toBe('running')
    expect(await before.consumer.backlog(10)).toBe(3)
    expect(await before.consumer.backlog(2)).toBe(2)
    engine.close() // as a kill would: nobody closes the consumer
    start()
    const after = await begin()
    await quiet()
    expect(after.given).toEqual(rest)
  })
})

describe('a handler that throws', () => {
  test('is asked again, later and later, and what comes behind waits', async () => {
    let failures = 3
    const { given, consumer } = await begin(() => {
      if (failures-- > 0) throw new Error('not now')
      return 'handled'
    })
    const [first = 0, second = 0] = await post(2)
    await quiet()
    expect({ given, state: consumer.state }).toEqual({ given: [first], state: 'waiting' })
    expect(consumer.row).toMatchObject({ attempts: 1, failing: first, failure: 'not now' })
    expect(await consumer.backlog(10)).toBe(2)
    await clocks.pass(700, quiet)
    expect(given).toEqual([first])
    await pass(1000)
    expect(given).toEqual([first, first])
    await clocks.pass(300, quiet)
    expect(given).toEqual([first, first])
    await pass(2000)
    await pass(4000)
    expect(given).toEqual([first, first, first, first, second])
    expect(consumer.row).toMatchObject({ handled: 2, cursor: second, attempts: 0, failing: null })
    expect(consumer.row.failure).toBe('not now')
  })

  test('too often has its event set aside, which is told, and the line goes on', async () => {
    const { given, told, consumer } = await begin(
      (event) => {
        if (event.seq === poison) throw new Error('it is poison')
        return 'handled'
      },
      { retries: 2 },
    )
    const poison = engine.log.head + 1
    const [first, second = 0] = await post(2)
    expect(first).toBe(poison)
    await quiet()
    await pass(1000)
    await pass(2000)
    expect(given).toEqual([poison, poison, poison, second])
    expect(told).toEqual([`evt_${poison} after 3: it is poison`])
    expect(listAside(engine.database, place, 10)).toEqual([
      { seq: poison, at: expect.any(Number), attempts: 3, failure: 'it is poison' },
    ])
    expect(consumer.row).toMatchObject({ cursor: second, handled: 1, attempts: 0 })
    expect(engine.delivered.filter(({ type }) => type === 'set.aside')).toHaveLength(1)
  })

  test('has tried as often after a restart as before it', async () => {
    const fail = () => {
      throw new Error('never')
    }
    const before = await begin(fail, { retries: 2 })
    const [seq = 0] = await post()
    await quiet()
    await pass(1000)
    expect(before.given).toEqual([seq, seq])
    engine.close()
    start()
    const after = await begin(fail, { retries: 2 })
    await quiet()
    expect(after.given).toEqual([seq])
    expect(after.told).toHaveLength(1)
  })

  test.each(['storage_full', 'stopping', 'busy'] as const)(
    'with %s blames no event: it waits',
    async (code) => {
      let failures = 12
      const { consumer, told } = await begin(
        () => {
          if (failures-- > 0) throw new PaidError(code)
          return 'handled'
        },
        { retries: 0 },
      )
      await post()
      await quiet()
      expect(consumer.row.attempts).toBe(0)
      for (let n = 0; n < 12; n++) await pass(300_000)
      expect(told).toEqual([])
      expect(consumer.row.handled).toBe(1)
    },
  )
})

describe('whoever lets it rest', () => {
  test('finds it resting after the event in hand; then it goes on where it was', async () => {
    const { given, consumer } = await begin()
    consumer.pause()
    const seqs = await post(3)
    await quiet()
    expect({ given, state: consumer.state }).toEqual({ given: [], state: 'paused' })
    expect(await consumer.backlog(10)).toBe(3)
    consumer.resume()
    await quiet()
    expect(given).toEqual(seqs)
  })

  test('ends the wait of what failed: it is tried at once when it goes on', async () => {
    let failures = 1
    const { given, consumer } = await begin(() => {
      if (failures-- > 0) throw new Error('not now')
      return 'handled'
    })
    const [seq = 0] = await post()
    await quiet()
    expect(consumer.state).toBe('waiting')
    consumer.pause()
    consumer.resume()
    await quiet()
    expect(given).toEqual([seq, seq])
    expect(consumer.state).toBe('idle')
  })

  test('may do so before it ever began', async () => {
    const { given, consumer } = await begin(() => 'handled', { paused: true })
    const seqs = await post(2)
    await quiet()
    expect(given).toEqual([])
    consumer.resume()
    await quiet()
    expect(given).toEqual(seqs)
  })
})

test('what is set aside is bounded; the oldest go', async () => {
  await begin(
    () => {
      throw new Error('never')
    },
    { retries: 0 },
  )
  const seqs = await post(1010)
  while (engine.delivered.filter(({ type }) => type === 'set.aside').length < 1010) await quiet()
  expect(countAside(engine.database, place)).toBe(1000)
  expect(listAside(engine.database, place, 1)[0]?.seq).toBe(seqs[10] ?? 0)
}, 30_000)
