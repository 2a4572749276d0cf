// Pages of the log against a model that filters an array: whatever is asked, in whatever order it is read.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { Database } from 'bun:sqlite'
import * as fc from 'fast-check'
import { limits } from '../../src/protocol/limits.ts'
import { filterOf, type Filter } from '../../src/core/filter.ts'
import { pageAfter, pageNewest, seqAt } from '../../src/core/query.ts'
import { draftOf, openEngine, temporaryFolder, type Engine } from '../support/engine.ts'

type Known = { seq: number; at: number; namespace: string; channel: string; type: string }

const folder = temporaryFolder()
const known: Known[] = []
let engine: Engine
let time = 1000

const channels = Array.from({ length: 30 }, (_, n) => `session:${n}`)
const types = ['SessionStart', 'PreToolUse', 'Stop']
const reserved = ['system:', 'lock:', 'job:', 'webhook:', 'action:', 'rule:', 'machine:']

const write = async (events: { channel: string; type: string; namespace?: string }[]): Promise<void> => {
  const stored = await Promise.all(
    events.map((event, n) => {
      if (n % 7 === 0) time += n % 3
      return engine.log.append(draftOf(event))
    }),
  )
  for (const { seq, at, namespace, channel, type } of stored)
    known.push({ seq, at, namespace, channel, type })
}

/** `n` events over everything there is. */
const mixed = (n: number) =>
  Array.from({ length: n }, (_, i) => ({
    channel:
      i % 5 === 0
        ? (['events', 'system:daemon', 'lock:x', 'séance', 'rare'][(i / 5) % 5] ?? 'events')
        : (channels[(i * 7) % 30] ?? ''),
    type: types[(i + Math.floor(i / 30)) % 3] ?? '',
    namespace: i % 11 === 0 ? 'other' : '',
  }))

/** Many sessions, then a stretch as long as all slices together in which they are silent, then a few again. */
beforeAll(async () => {
  engine = openEngine(folder.path, { clock: { now: () => time } })
  await write(mixed(1500))
  for (let n = 0; n < 9; n++)
    await write(Array.from({ length: 4096 }, () => ({ channel: 'noise', type: 'noise' })))
  await write(mixed(300))
})

afterAll(() => {
  engine.close()
  folder[Symbol.dispose]()
})

type Wanted = Parameters<typeof filterOf>[1]

const wanted: fc.Arbitrary<Wanted> = fc.record(
  {
    channel: fc.oneof(
      fc.constantFrom(
        'events',
        'session:*',
        'session:1*',
        'session:7',
        '*',
        'noise',
        's*',
        'none',
        'nothing*',
      ),
      fc.uniqueArray(
        fc.constantFrom('session:1*', 'session:11', 'session:2', 'system:*', 'events', 'rare', 'session:*'),
        { minLength: 1, maxLength: 4 },
      ),
    ),
    type: fc.constantFrom('Stop', 'PreToolUse', 'noise', 'unheard'),
    session: fc.constantFrom('3', '29', 'nobody'),
    all: fc.boolean(),
  },
  { requiredKeys: [] },
)

const namespace = fc.constantFrom('', '', 'other', 'empty')
const limit = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 1000 }))

const means = (pattern: string, channel: string): boolean =>
  pattern.endsWith('*') ? channel.startsWith(pattern.slice(0, -1)) : pattern === channel

/** What a reader of the documentation would expect to see. */
const expected = (space: string, { channel, type, session, all }: Wanted): number[] =>
  known
    .filter(
      (event) =>
        event.namespace === space &&
        (type === undefined || event.type === type) &&
        (session === undefined || event.channel === `session:${session}`) &&
        (channel === undefined || [channel].flat().some((pattern) => means(pattern, event.channel))) &&
        (channel !== undefined ||
          session !== undefined ||
          all === true ||
          !reserved.some((prefix) => event.channel.startsWith(prefix))),
    )
    .map(({ seq }) => seq)

const seqs = (events: readonly { seq: number }[]): number[] => events.map(({ seq }) => seq)

test('the newest and what comes after a cursor equal the model', () => {
  const after = fc.oneof(fc.nat({ max: 40_000 }), fc.nat({ max: 1600 }), fc.constantFrom(38_364, 50_000))
  fc.assert(
    fc.property(namespace, wanted, limit, after, (space, filter, n, from) => {
      const all = expected(space, filter)
      const asked: Filter = filterOf(space, filter)
      expect(seqs(pageNewest(engine.reader, asked, n).events)).toEqual(all.slice(-n))
      const { events, more } = pageAfter(engine.reader, asked, from, n)
      const rest = all.filter((seq) => seq > from)
      expect(seqs(events)).toEqual(rest.slice(0, n))
      if (rest.length > n) expect(more).toBe(true)
      if (rest.length < n) expect(more).toBe(false)
    }),
    { numRuns: 250 },
  )
})

test('page after page from any place gives every event once', () => {
  fc.assert(
    fc.property(namespace, wanted, fc.integer({ min: 40, max: 999 }), (space, filter, n) => {
      const asked = filterOf(space, filter)
      const found: number[] = []
      const start = filter.channel === undefined && filter.type === undefined ? 36_000 : 1400
      for (let at = start, more = true; more;) {
        const page = pageAfter(engine.reader, asked, at, n)
        found.push(...seqs(page.events))
        more = page.more
        at = found.at(-1) ?? at
        // a stretch of 36,000 in small pages would show nothing new
        if (found.length > 3000) return
      }
      expect(found).toEqual(expected(space, filter).filter((seq) => seq > start))
    }),
    { numRuns: 40 },
  )
})

test('a time is the last event that arrived until then', () => {
  const last = known.at(-1)?.at ?? 0
  fc.assert(
    fc.property(fc.integer({ min: 990, max: last + 10 }), (when) => {
      const until = known.filter(({ at }) => at <= when)
      expect(seqAt(engine.reader, when)).toBe(until.length)
    }),
    { numRuns: 200 },
  )
})

test('an empty log has empty pages', () => {
  using empty = temporaryFolder()
  using fresh = openEngine(empty.path)
  const filter = filterOf('', {})
  expect(pageNewest(fresh.reader, filter, 10)).toEqual({ events: [], more: false })
  expect(pageAfter(fresh.reader, filter, 0, 10)).toEqual({ events: [], more: false })
  expect(seqAt(fresh.reader, Date.now())).toBe(0)
})

test('a page is bounded in bytes, and one event larger than a page passes alone', async () => {
  using place = temporaryFolder()
  using own = openEngine(place.path)
  const sizes = [9, 6, 4, 17, 1, 16, 1].map((MiB) => MiB * 1024 * 1024)
  for (const size of sizes) await own.log.append(draftOf({ dataText: JSON.stringify('x'.repeat(size - 2)) }))
  const filter = filterOf('', {})
  const pages: number[][] = []
  for (let at = 0, more = true; more;) {
    const page = pageAfter(own.reader, filter, at, 100)
    pages.push(seqs(page.events))
    more = page.more
    at = page.events.at(-1)?.seq ?? at
  }
  expect(pages).toEqual([[1, 2], [3], [4], [5], [6], [7]])
  expect(limits.pageBytes).toBe(16 * 1024 * 1024)
  expect(seqs(pageNewest(own.reader, filter, 100).events)).toEqual([7])
})

/** Notes the statements it is asked for. */
class Noting extends Database {
  readonly statements = new Set<string>()

  override query(sql: string): never {
    this.statements.add(sql)
    return super.query(sql) as never
  }
}

test('the last 100 of a type, a session, a channel are found in an index', () => {
  using noting = new Noting(engine.path, { readonly: true, strict: true })
  const asked = [
    {},
    { type: 'Stop' },
    { session: '3' },
    { session: '3', type: 'Stop' },
    { channel: 'rare' },
    { channel: 'session:*' },
    { channel: ['session:1*', 'events'], type: 'Stop' },
    { all: true },
  ]
  for (const filter of asked) {
    expect(pageNewest(noting, filterOf('', filter), 100).events.length).toBeGreaterThan(0)
    pageAfter(noting, filterOf('', filter), 1000, 100)
  }
  seqAt(noting, time)
  expect(noting.statements.size).toBeGreaterThan(8)
  const plans = [...noting.statements].map((sql) => {
    const rows = engine.reader.query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql}`).all()
    return { sql, scans: rows.map(({ detail }) => detail).filter((detail) => detail.startsWith('SCAN')) }
  })
  expect(plans.filter(({ scans }) => scans.length > 0)).toEqual([])
})
