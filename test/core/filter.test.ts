// Which channels a pattern means: the rule of the protocol, the bus's index and the database's range of names must
// agree on every name there can be, also where UTF-8, UTF-16 and code points sort differently.

import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { channelName, channelPattern, isReserved, matches } from '../../src/protocol/channel.ts'
import { openDatabase } from '../../src/core/database.ts'
import { filterOf, prefixEnd, streamsWhere } from '../../src/core/filter.ts'
import { LogEvent } from '../../src/core/log-event.ts'
import { draftOf, openEngine, temporaryFolder } from '../support/engine.ts'
import { openListener } from '../support/listener.ts'

/** Where an encoding changes its length, where surrogates begin and end, the last of all, and what SQL treats as special. */
const letters = ['a', 'b', 'A', ':', '%', '_', '?', '[', "'", '~', '\u0301', '\u202e']
const edges = '80 7ff 800 d7ff e000 feff fffd ffff 10000 1f600 10fffe 10ffff'.split(' ')
const character = fc.constantFrom(
  ...letters.concat(edges.map((edge) => String.fromCodePoint(Number.parseInt(edge, 16)))),
)
const begin = fc.constantFrom('', 'session:', 'system:', '\u{10ffff}\u{10ffff}')
const name = fc
  .tuple(
    begin,
    fc.array(fc.oneof(character, fc.string({ unit: 'binary', minLength: 1, maxLength: 2 })), {
      maxLength: 5,
    }),
  )
  .map(([start, rest]) => start + rest.join(''))
  .filter((text) => channelName.safeParse(text).success)
const names = fc.uniqueArray(name, { minLength: 1, maxLength: 20 })

/** Some of the names whole, and prefixes of them that are cut between characters. */
const asked = names.chain((all) => {
  const pattern = fc
    .tuple(fc.constantFrom(...all), fc.nat({ max: 6 }), fc.boolean())
    .map(([text, length, whole]) => (whole ? text : `${Array.from(text).slice(0, length).join('')}*`))
    .filter((text) => channelPattern.safeParse(text).success)
  return fc.record({ all: fc.constant(all), patterns: fc.array(pattern, { minLength: 1, maxLength: 4 }) })
})

const bytesBegin = (text: string, prefix: string): boolean =>
  Buffer.from(text).subarray(0, Buffer.byteLength(prefix)).equals(Buffer.from(prefix))

const expected = (pattern: string, channel: string): boolean =>
  pattern.endsWith('*') ? bytesBegin(channel, pattern.slice(0, -1)) : pattern === channel

test('the range up to prefixEnd holds the names that begin so, and no other', () => {
  fc.assert(
    fc.property(fc.oneof(fc.constant(''), name), name, (prefix, channel) => {
      for (const text of [channel, prefix + channel]) {
        const end = prefixEnd(prefix)
        const [low, at] = [Buffer.from(prefix), Buffer.from(text)]
        const inside =
          Buffer.compare(low, at) <= 0 && (end === undefined || Buffer.compare(at, Buffer.from(end)) < 0)
        expect(inside).toBe(bytesBegin(text, prefix))
      }
    }),
    { numRuns: 500 },
  )
  expect(prefixEnd('\u{10ffff}\u{10ffff}')).toBeUndefined()
  expect(prefixEnd('a\ud7ff')).toBe('a\ue000')
  expect(prefixEnd('a\u{10ffff}')).toBe('b')
})

test('matches, the bus and the database mean the same channels', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  using database = openDatabase(':memory:')
  const insert = database.prepare("INSERT INTO streams VALUES (NULL, '', ?, 't', ?, 1, 1)")
  await fc.assert(
    fc.asyncProperty(asked, async ({ all, patterns }) => {
      database.run('DELETE FROM streams')
      for (const channel of all) insert.run(channel, isReserved(channel) ? 1 : 0)
      const wanted = all
        .filter((channel) => patterns.some((pattern) => expected(pattern, channel)))
        .toSorted()
      expect(all.filter((channel) => patterns.some((p) => matches(p, channel))).toSorted()).toEqual(wanted)

      const { sql, values } = streamsWhere(filterOf('', { channel: patterns }))
      const rows = database.query<{ channel: string }, string[]>(`SELECT channel FROM streams s WHERE ${sql}`)
      expect(
        rows
          .all(...values)
          .map(({ channel }) => channel)
          .toSorted(),
      ).toEqual(wanted)

      using listener = await openListener(engine, filterOf('', { channel: patterns }))
      engine.bus.deliver(
        all.map((channel, n) => new LogEvent(draftOf({ channel, type: 't' }), n + 1, 0, isReserved(channel))),
      )
      expect(listener.heard.map(({ channel }) => channel).toSorted()).toEqual(wanted)
    }),
    { numRuns: 300 },
  )
})

test('with no channel named, everything but what the daemon writes of itself', () => {
  const channels = ['events', 'session:a', 'system:daemon', 'lock:x', 'systems']
  using database = openDatabase(':memory:')
  const insert = database.prepare("INSERT INTO streams VALUES (NULL, '', ?, 't', ?, 1, 1)")
  for (const channel of channels) insert.run(channel, isReserved(channel) ? 1 : 0)
  const meant = (wanted: Parameters<typeof filterOf>[1]): string[] => {
    const { sql, values } = streamsWhere(filterOf('', wanted))
    const statement = `SELECT channel FROM streams s WHERE ${sql} ORDER BY id`
    return database
      .query<{ channel: string }, string[]>(statement)
      .all(...values)
      .map(({ channel }) => channel)
  }
  expect(meant({})).toEqual(['events', 'session:a', 'systems'])
  expect(meant({ all: true })).toEqual(channels)
  expect(meant({ channel: 'system*' })).toEqual(['system:daemon', 'systems'])
  expect(meant({ session: 'a' })).toEqual(['session:a'])
  expect(meant({ session: 'a', channel: ['lock:*', 'sess*'] })).toEqual(['session:a'])
  expect(meant({ session: 'a', channel: 'lock:*' })).toEqual([])
  expect(meant({ type: 'other' })).toEqual([])
})

test("a session's id is a name, also when it ends like a pattern", () => {
  expect(filterOf('', { session: 'a*' }).patterns).toEqual([{ name: 'session:a*', prefix: false }])
  expect(filterOf('', { channel: 'session:a*' }).patterns).toEqual([{ name: 'session:a', prefix: true }])
})
