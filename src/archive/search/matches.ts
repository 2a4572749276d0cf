// Which messages match, the best or the newest first.
//
// Ranking looks at every match and costs most of a microsecond for each, so what matches very many is given newest
// first, which costs the same however many there are. Of several phrases the commonest are looked for and do not count
// for the rank: they tell messages apart least, and weighing them costs as much as all they are in.

import type { Database } from 'bun:sqlite'
import { idsPerMs } from '../messages.ts'
import { matchOf, type Phrase } from './terms.ts'

/** so many are ranked at most */
const rankedMatches = 50_000
/** and of one phrase that is in up to so many, the newest of them */
const rankedOfOne = 100_000
/** a phrase that is in more is common, and so are those that all together are in more */
const weighedOfOne = 150_000
const weighedOfAll = 400_000

/** records that say no time are put behind others of their session */
const slackMs = 1000

/** A session that is searched; times are epoch milliseconds. */
export type Span = { number: number; first_at: number; last_at: number }

export type Among = {
  /** epoch milliseconds */
  since: number
  /** the last active first; undefined: all of them */
  sessions: readonly Span[] | undefined
}

export type Matches = {
  ids: number[]
  order: 'rank' | 'newest'
  /** how many there are; undefined when they were not counted to the end */
  count?: number
  /** how many of these, the newest, were ranked; undefined when all were, or none */
  ranked?: number
}

type Id = { id: number }
/** of ids; `sessions` is JSON, an array of their numbers */
type Range = { from: number; to: number; sessions?: string }
type Asked = [match: string, from: number, to: number, limit: number]
type AskedOf = [match: string, from: number, to: number, sessions: string, limit: number]

const counting = `SELECT count(*) AS count FROM (
  SELECT 1 FROM words WHERE words MATCH +? AND rowid >= +? AND rowid < +? LIMIT +?)`
const ranked = `SELECT rowid AS id FROM words WHERE words MATCH +? AND rowid >= +? AND rowid < +?
  ORDER BY bm25(words), rowid DESC LIMIT +?`
const newest = `SELECT rowid AS id FROM words WHERE words MATCH +? AND rowid >= +? AND rowid < +?
  ORDER BY rowid DESC LIMIT +?`
const edge = `SELECT rowid AS id FROM words WHERE words MATCH +? AND rowid >= +? AND rowid < +?
  ORDER BY rowid DESC LIMIT 1 OFFSET +?`
const ofSessions = `FROM words CROSS JOIN messages m ON m.id = words.rowid
  WHERE words MATCH +? AND words.rowid >= +? AND words.rowid < +?
  AND m.session IN (SELECT value FROM json_each(+?))`
const rankedOf = `SELECT words.rowid AS id ${ofSessions} ORDER BY bm25(words), words.rowid DESC LIMIT +?`
const allOf = `SELECT words.rowid AS id ${ofSessions} LIMIT +?`
const newestOf = `SELECT words.rowid AS id FROM words CROSS JOIN messages m ON m.id = words.rowid
  WHERE words MATCH +? AND words.rowid >= +? AND words.rowid < +? AND m.session = +?
  ORDER BY words.rowid DESC LIMIT +?`

export const createMatcher = (database: Database) => {
  const countOf = (match: string, { from, to }: Range, limit: number): number =>
    database.query<{ count: number }, Asked>(counting).get(match, from, to, limit)?.count ?? 0

  /** Those that tell messages apart, and can be weighed in time. */
  const weighedOf = (phrases: readonly Phrase[], { from, to }: Range): Phrase[] => {
    if (phrases.length === 1) return [...phrases]
    let left = weighedOfAll
    // long words are the rarer ones
    const length = ({ words }: Phrase): number => words.join('').length
    return phrases
      .toSorted((a, b) => length(b) - length(a))
      .filter((phrase) => {
        const most = Math.min(weighedOfOne, left)
        if (most === 0) return false
        const count = countOf(matchOf([phrase]), { from, to }, most + 1)
        left = Math.max(0, left - count)
        return count <= most
      })
  }

  /** Undefined when all phrases are common. */
  const rank = (phrases: readonly Phrase[], range: Range, limit: number): number[] | undefined => {
    const { from, to, sessions } = range
    const match = matchOf(phrases)
    const weighed = weighedOf(phrases, range)
    if (weighed.length === phrases.length)
      return (
        sessions === undefined
          ? database.query<Id, Asked>(ranked).all(match, from, to, limit)
          : database.query<Id, AskedOf>(rankedOf).all(match, from, to, sessions, limit)
      ).map(({ id }) => id)
    const best = matchOf(weighed)
    if (weighed.length === 0 || countOf(best, range, rankedMatches + 1) > rankedMatches) return undefined
    const all = new Set(
      (sessions === undefined
        ? database.query<Id, Asked>(newest).all(match, from, to, rankedMatches)
        : database.query<Id, AskedOf>(allOf).all(match, from, to, sessions, rankedMatches)
      ).map(({ id }) => id),
    )
    const ids: number[] = []
    for (const { id } of database.query<Id, Asked>(ranked).iterate(best, from, to, rankedMatches)) {
      if (ids.length === Math.min(limit, all.size)) break
      if (all.has(id)) ids.push(id)
    }
    return ids
  }

  /** Session by session, the last active first, until no other can have newer ones. */
  const newestIn = (match: string, sessions: readonly Span[], since: number, limit: number): number[] => {
    const query = database.query<Id, [...Asked, number]>(newestOf)
    let ids: number[] = []
    for (const { number, first_at: first, last_at: last } of sessions) {
      const end = (last + slackMs) * idsPerMs
      const edge = ids[limit - 1]
      if (edge !== undefined && edge >= end) break
      const from = Math.max(since, first, 0) * idsPerMs
      const more = query.all(match, Math.max(from, edge ?? 0), end, number, limit).map(({ id }) => id)
      if (more.length > 0) ids = [...ids, ...more].sort((a, b) => b - a).slice(0, limit)
    }
    return ids
  }

  return (phrases: readonly Phrase[], { since, sessions }: Among, limit: number): Matches => {
    if (phrases.length === 0 || sessions?.length === 0) return { ids: [], order: 'rank', count: 0 }
    const match = matchOf(phrases)
    const first = sessions?.reduce((least, each) => Math.min(least, each.first_at), Number.MAX_SAFE_INTEGER)
    const from = Math.max(since, first ?? 0, 0) * idsPerMs
    const last = sessions?.[0] && (sessions[0].last_at + slackMs) * idsPerMs
    const range = { from, to: last ?? Number.MAX_SAFE_INTEGER }
    const most = sessions === undefined && phrases.length === 1 ? rankedOfOne : rankedMatches
    const count = countOf(match, range, most + 1)
    if (count <= most) {
      const numbers = sessions && JSON.stringify(sessions.map(({ number }) => number))
      const isPart = count > rankedMatches
      if (isPart)
        range.from = database.query<Id, Asked>(edge).get(match, from, range.to, rankedMatches - 1)?.id ?? from
      const ids = rank(phrases, { ...range, ...(numbers !== undefined && { sessions: numbers }) }, limit)
      if (ids)
        return {
          ids,
          order: 'rank',
          ...(sessions === undefined && { count }),
          ...(isPart && { ranked: rankedMatches }),
        }
    }
    if (sessions) return { ids: newestIn(match, sessions, since, limit), order: 'newest' }
    const rows = database.query<Id, Asked>(newest).all(match, range.from, range.to, limit)
    return { ids: rows.map(({ id }) => id), order: 'newest' }
  }
}
