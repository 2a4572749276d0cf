// When an open group of writes is written: at once for who writes alone, together for those who come together.

import { expect, test } from 'bun:test'
import { draftOf, openEngine, temporaryFolder } from '../support/engine.ts'

const number = { done: ({ seq }: { seq: number }): number => seq }

test('who writes alone waits for a turn of the event loop now and then, and mostly for none', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const waited: boolean[] = []
  for (let n = 0; n < 32; n++) {
    // between two of them the turn ends, as between two requests of one caller
    await new Promise((resolve) => setImmediate(resolve))
    let turned = false
    setImmediate(() => (turned = true))
    await engine.log.append(draftOf())
    waited.push(turned)
  }
  expect(waited.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => true))
  expect(waited.slice(8).filter(Boolean)).toHaveLength(3)
})

test('who writes alone has what was asked for in the same breath, on disk and delivered', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const { log } = engine
  const kinds: string[] = []
  for (let n = 1; n <= 32; n++) {
    await new Promise((resolve) => setImmediate(resolve))
    const found = log.commitNow(({ append }) => append(draftOf()), number)
    kinds.push(typeof found)
    if (typeof found !== 'number') await found
    expect(log.head).toBe(n)
    expect(engine.delivered).toHaveLength(n)
  }
  expect(kinds.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => 'object'))
  expect(kinds.slice(8).filter((kind) => kind === 'object')).toHaveLength(3)
})

test('what is written while events are handed out is handed out behind them', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const { log, observers, delivered } = engine
  const write = () => log.commitNow(({ append }) => append(draftOf()), number)
  for (let n = 0; n < 10; n++) await write()
  const answers: unknown[] = []
  observers.push((events) => {
    if (events[0]?.seq === 11 || events[0]?.type === 'transient') answers.push(write())
    if (events[0]?.seq === 11) void log.emit(draftOf({ type: 'said meanwhile' }))
  })
  await write()
  await answers[0]
  await log.emit(draftOf({ type: 'transient' }))
  expect(await answers[1]).toBe(13)
  expect(delivered.slice(10).map(({ seq, type }) => seq || type)).toEqual([
    11,
    12,
    'said meanwhile',
    'transient',
    13,
  ])
})

test('what a lone closure throws is thrown at once, and nothing is left open behind it', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const { log } = engine
  for (let n = 0; n < 10; n++) await log.commitNow(({ append }) => append(draftOf()), number)
  const fails = (): never => {
    throw new Error('not so')
  }
  expect(() => log.commitNow(fails, number)).toThrow('not so')
  expect(engine.database.inTransaction).toBe(false)
  expect(await log.commitNow(({ append }) => append(draftOf()), number)).toBe(11)
})

test('writers that come together share a COMMIT again, however long one wrote alone', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  for (let n = 0; n < 20; n++) await engine.log.append(draftOf())
  const heads = new Set<number>()
  /** Each in a task of its own within one turn, as requests of different callers are. */
  const round = async (): Promise<number> => {
    heads.clear()
    const writers = Array.from({ length: 10 }, async () => {
      await new Promise((resolve) => setImmediate(resolve))
      await engine.log.append(draftOf())
      heads.add(engine.log.head)
    })
    await Promise.all(writers)
    return heads.size
  }
  const commits: number[] = []
  for (let n = 0; n < 4; n++) commits.push(await round())
  expect(commits.at(-1)).toBe(1)
})
