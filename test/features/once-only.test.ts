// A key stands for one event, or one batch, for ever: for retries, for two at the same moment, after a restart. The
// model knows what was promised to each key and never looks into the database.

import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { PaidError } from '../../src/protocol/error.ts'
import { createPeer } from '../../src/core/peer.ts'
import { openEngine, temporaryFolder, type Engine } from '../support/engine.ts'

type Post = { by: string; key: string; bodies: number[]; batch: boolean }
type Turn = { posts: Post[]; thenReopen: boolean }

const by = fc.constantFrom('http:one', 'http:two')
const single = fc
  .record({ by, key: fc.constantFrom('a', 'b', 'c d', 'ü'), body: fc.nat({ max: 1 }) })
  .map(({ body, ...rest }): Post => ({ ...rest, bodies: [body], batch: false }))
const batch = fc
  .record({
    by,
    key: fc.constantFrom('x', 'y'),
    bodies: fc.array(fc.nat({ max: 1 }), { minLength: 1, maxLength: 3 }),
  })
  .map((post): Post => ({ ...post, batch: true }))
const turn: fc.Arbitrary<Turn> = fc.record({
  posts: fc.array(fc.oneof(single, batch), { minLength: 1, maxLength: 6 }),
  thenReopen: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
})

const post = async (engine: Engine, { by: name, key, bodies, batch: whole }: Post) => {
  const events = bodies.map((body) => ({ type: 'posted', data: { body } }))
  const [first] = events
  if (!first) throw new Error('a post has a body')
  const peer = createPeer(name, 'write')
  try {
    const params = whole ? { events, key } : { ...first, key }
    return await engine.dispatch(peer, 'event.publish', params)
  } catch (error) {
    if (error instanceof PaidError) return error.code
    throw error
  }
}

test('a key is the first event, however often and however it is posted again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 12 }), async (turns) => {
      using folder = temporaryFolder()
      let engine = openEngine(folder.path)
      try {
        const promised = new Map<string, { bodies: string; ids: string[] }>()
        let next = 1
        const expected = ({ by: name, key, bodies }: Post) => {
          const known = promised.get(`${name}\n${key}`)
          if (known?.bodies === String(bodies)) return { ids: known.ids, duplicate: true }
          if (known) return 'key_reused'
          const ids = bodies.map(() => `evt_${next++}`)
          promised.set(`${name}\n${key}`, { bodies: String(bodies), ids })
          return { ids }
        }
        for (const { posts, thenReopen } of turns) {
          const answers: unknown[] = await Promise.all(posts.map((each) => post(engine, each)))
          expect(answers).toEqual(posts.map(expected))
          if (!thenReopen) continue
          engine.close()
          engine = openEngine(folder.path)
        }
        const count = engine.reader.query('SELECT count(*) FROM events').values()[0]?.[0]
        expect(count).toBe(next - 1)
        const delivered = engine.delivered.map(({ seq }) => seq)
        expect(new Set(delivered).size).toBe(delivered.length)
      } finally {
        engine.close()
      }
    }),
    { numRuns: 60 },
  )
})

test('a batch is stored whole or not at all', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const peer = createPeer('http:one', 'write')
  const reserved = {
    events: [
      { type: 'a', data: 1 },
      { type: 'b', channel: 'lock:x', data: 2 },
    ],
  }
  expect(await engine.dispatch(peer, 'event.publish', reserved).catch(String)).toContain(
    'written by the daemon',
  )
  const { ids } = await engine.dispatch(peer, 'event.publish', {
    events: [
      { type: 'a', data: 1 },
      { type: 'b', data: 2 },
    ],
    key: 'k',
  })
  expect(ids).toEqual(['evt_1', 'evt_2'])
  const page = await engine.dispatch(createPeer('http:one', 'read'), 'event.list', {})
  const events = JSON.parse(JSON.stringify(page.events))
  expect(events.map((event: { key: string }) => event.key)).toEqual(['http:one k#0', 'http:one k#1'])
})

test('a transient event has no key: it would promise what nobody keeps', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const peer = createPeer('http:one', 'write')
  const publish = engine.dispatch(peer, 'event.publish', { type: 'a', data: 1, transient: true, key: 'k' })
  expect(await publish.catch((error: unknown) => error)).toHaveProperty('code', 'bad_request')
  expect(await engine.dispatch(peer, 'event.publish', { type: 'a', data: 1, transient: true })).toEqual({
    ids: [],
  })
  expect(engine.log.head).toBe(0)
  expect(engine.delivered.map(({ type, seq }) => [type, seq])).toEqual([['a', 0]])
})
