// What can happen in the life of a locks room, as fast-check draws it: few names, few holders and short spans, so that
// they meet all the time.

import * as fc from 'fast-check'

export const names = ['a', 'b', 'c'] as const
const holders = ['ann', 'bob', 'cid'] as const
export const peers = [0, 1, 2, 3] as const
const spans = [1, 20, 100, 3000] as const

const name = fc.constantFrom(...names)
const peer = fc.constantFrom(...peers)
const holder = fc.option(fc.constantFrom(...holders), { nil: undefined, freq: 2 })
const ttl = fc.constantFrom(...spans)
/** what a caller shows of a token: none, the newest there is of that lock, one before it */
const token = fc.constantFrom('none', 'none', 'last', 'older')

const call = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('acquire'),
      name,
      peer,
      holder,
      ttl,
      wait: fc.constantFrom(0, 0, 5, 50, 2000),
      bound: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('renew'),
      name,
      peer,
      holder,
      token,
      ttl: fc.option(ttl, { nil: undefined }),
    }),
  },
  { weight: 7, arbitrary: fc.record({ do: fc.constant('release'), name, peer, holder, token }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('break'), name, peer }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('transfer'),
      name,
      peer,
      from: fc.constantFrom(...holders),
      to: fc.constantFrom(...holders),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('get'), name, peer }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('list'), peer }) },
)
export type Call = typeof call extends fc.Arbitrary<infer C> ? C : never

const ms = fc.constantFrom(1, 4, 19, 80, 1500)
export const step = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.record({ do: fc.constant('calls'), calls: fc.array(call, { minLength: 1, maxLength: 3 }) }),
  },
  { weight: 20, arbitrary: fc.record({ do: fc.constant('pass'), ms }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('busy'), ms, calls: fc.array(call, { maxLength: 2 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('jump'), ms: fc.constantFrom(-3_600_000, -500, 500, 3_600_000) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('leave'), peer }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('kill'), inFlight: fc.array(call, { maxLength: 3 }), downMs: ms }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart'), downMs: ms }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('reboot'), offMs: fc.constantFrom(-10_000, 5, 10_000) }),
  },
)
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never
