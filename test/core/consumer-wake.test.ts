// An event wakes a consumer in whatever moment it comes: also in the one in which the consumer finds nothing more to do.

import { expect, test } from 'bun:test'
import { openSteadyClock } from '../../src/lib/steady-clock.ts'
import { addConsumer, findConsumer, openConsumer } from '../../src/core/consumer.ts'
import { filterOf } from '../../src/core/filter.ts'
import { draftOf, openEngine, temporaryFolder } from '../support/engine.ts'

const place = { namespace: '', name: 'test:wake' }
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('whatever moment an event comes in, it is handed over without another one', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const { log, bus, database, diary } = engine
  await log.commit((transaction) => addConsumer(transaction.database, place, 0))
  const row = findConsumer(database, place)
  if (!row) throw new Error('there is no consumer')
  const posted: number[] = []
  const given: number[] = []
  const consumer = openConsumer({
    log,
    bus,
    place,
    row,
    logger: diary.logger,
    retries: 0,
    clock: { now: () => Date.now() },
    steady: openSteadyClock(),
    filters: [filterOf('', { type: 'wanted' })],
    handle: async ({ seq }) => {
      given.push(seq)
      return 'handled'
    },
    onSetAside: () => {},
  })
  const post = async (): Promise<void> =>
    void posted.push((await log.append(draftOf({ type: 'wanted' }))).seq)
  for (let turns = 0; turns < 60; turns++) {
    await post()
    for (let n = 0; n < turns % 20; n++) await (turns < 40 ? turn() : Promise.resolve())
    await post()
    for (let n = 0; n < 30; n++) await turn()
    expect(given).toEqual(posted)
  }
  await consumer.close()
})
