// Resume at the seam: whoever follows from anywhere, at any pace, hears every stored event that its filter means once
// and in order, through replay, live and lag. The model keeps what was posted and never reads the database.

import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { openEngine, temporaryFolder } from '../support/engine.ts'
import {
  connections,
  followedWorld,
  type Begin,
  type Operation,
  type Post,
  type Wanted,
} from '../support/followers.ts'

const bounds = { unsentEvents: 5, unsentBytes: 400 }

const at = fc.nat({ max: connections - 1 })
const channel = fc.constantFrom('events', 'session:a', 'session:b')
const type = fc.constantFrom('x', 'y')
const post = fc.record({
  channel,
  type,
  large: fc.nat({ max: 9 }).map((n) => n === 0),
  transient: fc.nat({ max: 3 }).map((n) => n === 0),
})
const wanted: fc.Arbitrary<Wanted> = fc.record(
  { channel: fc.constantFrom('session:*', 'events', '*', ['session:a', 'session:*']), type },
  { requiredKeys: [] },
)
const from: fc.Arbitrary<Begin> = fc.oneof(
  fc.record({ since: fc.nat({ max: 700 }) }),
  fc.record({ replay: fc.nat({ max: 400 }) }),
  fc.constant({}),
)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      posts: fc.array(post, { minLength: 1, maxLength: 8 }),
      batch: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('subscribe' as const), at, wanted, from }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      at,
      frames: fc.integer({ min: 1, max: 300 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unsubscribe' as const), at }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('turn' as const), resume: fc.boolean() }) },
)

const history = fc.constantFrom(0, 0, 3, 600)

test('every event once and in order, through replay, live, lag and resume', async () => {
  let lags = 0
  let followed = 0
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.array(operation, { minLength: 10, maxLength: 60 }),
      async (before, operations) => {
        using folder = temporaryFolder()
        using engine = openEngine(folder.path, { bounds })
        const { run, settle, check, followers } = followedWorld(engine)
        const old: Post[] = Array.from({ length: before }, (_, n) => ({
          channel: n % 3 === 0 ? 'session:a' : 'events',
          type: n % 2 === 0 ? 'x' : 'y',
          large: false,
          transient: false,
        }))
        if (before > 0) await run({ kind: 'publish', posts: old, batch: true })
        for (const next of operations) await run(next)
        await settle()
        check()
        followed += followers.length
        lags += followers.reduce((sum, { resumed }) => sum + resumed, 0)
      },
    ),
    { numRuns: 60 },
  )
  expect(followed).toBeGreaterThan(100)
  expect(lags).toBeGreaterThan(0)
})
