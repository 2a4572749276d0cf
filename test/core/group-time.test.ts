// When an open group of writes is written: at once for who writes alone, together for those who come together.

import { expect, test } from 'bun:test'
import { draftOf, openEngine, temporaryFolder } from '../support/engine.ts'

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
    const found = log.commitNow(({ append }) => append(draftOf()).seq)
    kinds.push(typeof found)
    if (typeof found !== 'number') await found
    expect(log.head).toBe(n)
    expect(engine.delivered).toHaveLength(n)
  }
  expect(kinds.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => 'object'))
  expect(kinds.slice(8).filter((kind) => kind === 'object')).toHaveLength(3)
})

test('what a lone closure throws is thrown at once, and nothing is left open behind it', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const { log } = engine
  for (let n = 0; n < 10; n++) await log.commitNow(({ append }) => append(draftOf()))
  const fails = (): never => {
    throw new Error('not so')
  }
  expect(() => log.commitNow(fails)).toThrow('not so')
  expect(engine.database.inTransaction).toBe(false)
  const { seq } = await log.commitNow(({ append }) => append(draftOf()))
  expect(seq).toBe(11)
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
