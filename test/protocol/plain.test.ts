// The short way round a schema must say what the schema says, or nothing.

import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { api } from '../../src/protocol/api.ts'
import { plainMessage } from '../../src/protocol/capture.ts'
import { plainEvent } from '../../src/protocol/events.ts'
import { plainAcquire, plainRelease } from '../../src/protocol/locks.ts'

const rarely = <T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: fc.jsonValue() })

const names = fc.oneof(
  fc.constantFrom(
    'events',
    'session:a',
    '',
    'a\u0000b',
    '\ud800',
    'x'.repeat(256),
    'é'.repeat(256),
    'x'.repeat(513),
  ),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
)

const said = fc.record(
  {
    type: rarely(names),
    channel: rarely(names),
    data: fc.jsonValue(),
    occurredAt: rarely(fc.integer()),
    origin: rarely(fc.dictionary(fc.string({ maxLength: 12 }), fc.jsonValue(), { noNullPrototype: true })),
    transient: rarely(fc.boolean()),
    echo: rarely(fc.boolean()),
  },
  { requiredKeys: ['type', 'channel', 'data'], noNullPrototype: true },
)
const more = fc.record(
  { key: fc.constant('k'), transient: fc.boolean(), extra: fc.integer(), occurredAt: fc.double() },
  { requiredKeys: [], noNullPrototype: true },
)
const params = fc.oneof(
  said,
  fc.tuple(said, more).map(([event, beside]) => ({ ...event, ...beside })),
)

test('an event taken without the schema is what the schema makes of it', () => {
  let taken = 0
  fc.assert(
    fc.property(rarely(params), (value) => {
      const plain = plainEvent(value)
      if (plain === undefined) return
      taken++
      const parsed = api['event.publish'].params.safeParse(value)
      expect(parsed.success).toBe(true)
      expect(JSON.stringify(plain)).toBe(JSON.stringify(parsed.data))
    }),
    { numRuns: 4000 },
  )
  expect(taken).toBeGreaterThan(100)
})

test('an event with everything a sender may say of it needs no schema', () => {
  const event = {
    channel: 'session:a',
    type: 'Stop',
    data: { a: 1 },
    occurredAt: 5,
    origin: { timestamp: 'x' },
    transient: true,
    echo: false,
  }
  expect(plainEvent(event)).toEqual(event)
})

const lockParams = fc.record(
  {
    name: rarely(names),
    holder: rarely(names),
    ttl: rarely(fc.integer({ min: -1, max: 3_000_000_000 })),
    wait: rarely(fc.oneof(fc.integer({ min: -1, max: 90_000_000 }), fc.double())),
    token: rarely(fc.integer()),
    note: fc.string(),
    lease: fc.constantFrom('holder', 'connection'),
    extra: fc.boolean(),
  },
  { requiredKeys: ['name'], noNullPrototype: true },
)
const messageParams = fc.record(
  {
    session: rarely(names),
    role: rarely(fc.oneof(names, fc.constantFrom('user', 'x'.repeat(100), 'é'.repeat(100), 'x'.repeat(101)))),
    content: rarely(fc.string({ unit: 'binary' })),
    extra: fc.boolean(),
  },
  { requiredKeys: [], noNullPrototype: true },
)

/** Only what the short way may know of. */
const among = (...keys: string[]) =>
  lockParams.map((all) => Object.fromEntries(Object.entries(all).filter(([key]) => keys.includes(key))))

test.each([
  ['lock.acquire', plainAcquire, among('name', 'holder', 'ttl', 'wait')],
  ['lock.release', plainRelease, among('name', 'holder', 'token')],
  ['capture.message', plainMessage, messageParams],
] as const)('%s without the schema is what the schema makes of it', (name, plainOf, known) => {
  let taken = 0
  fc.assert(
    fc.property(fc.oneof(rarely(lockParams), known), (value) => {
      const plain = plainOf(value)
      if (plain === undefined) return
      taken++
      const parsed = api[name].params.safeParse(value)
      expect(parsed.success).toBe(true)
      expect(JSON.stringify(plain)).toBe(JSON.stringify(parsed.data))
    }),
    { numRuns: 4000 },
  )
  expect(taken).toBeGreaterThan(20)
})
