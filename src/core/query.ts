// Reading the log. Every page is bounded in events and in bytes, and costs the same however long the log is: few
// streams are merged from their index, many are read in slices along the log itself.

import type { Database } from 'bun:sqlite'
import { PaidError } from '../protocol/error.ts'
import { type Cursor, isIsoTime, seqOfId } from '../protocol/event.ts'
import { limits } from '../protocol/limits.ts'
import { streamsWhere, type Filter } from './filter.ts'
import { eventOfRow, rowColumns, type EventRow } from './event-row.ts'
import type { LogEvent } from './log-event.ts'

/** Oldest first. `more`: there may be events behind the last one. */
export type Page = { events: LogEvent[]; more: boolean }

type Stream = { id: number; last_seq: number }
type Order = 'asc' | 'desc'

/** up to so many streams are merged; above, the log is read in slices first */
const mergedStreams = 16
const sliceRows = 4096
const slices = 8

// `+?`: SQLite plans a query anew whenever a bare parameter that its plan looks at is bound to another value, which
// costs more than most of these queries; an expression it does not look at

const from = 'FROM events e JOIN streams s ON s.id = e.stream'

/** The first `limit` events after `after`, oldest first. */
export const pageAfter = (reader: Database, filter: Filter, after: number, limit: number): Page => {
  const seqs = seqsAfter(reader, filter, after, limit)
  const { events, cut } = load(reader, seqs)
  return { events, more: cut || seqs.length === limit }
}

/** The same of what any of the filters means, once each. */
export const pageOfAny = (
  reader: Database,
  filters: readonly Filter[],
  after: number,
  limit: number,
): Page => {
  const seqs = seqsOfAny(reader, filters, after, limit)
  const { events, cut } = load(reader, seqs)
  return { events, more: cut || seqs.length === limit }
}

/** How many those are, counted up to `limit`. */
export const countOfAny = (
  reader: Database,
  filters: readonly Filter[],
  after: number,
  limit: number,
): number => seqsOfAny(reader, filters, after, limit).length

/** The event of this number. */
export const eventAt = (reader: Database, seq: number): LogEvent | undefined => load(reader, [seq]).events[0]

/** The newest `limit` events, oldest first. */
export const pageNewest = (reader: Database, filter: Filter, limit: number): Page => {
  const { events } = load(reader, newestSeqs(reader, filter, limit))
  return { events: events.toReversed(), more: false }
}

const seqsAfter = (reader: Database, filter: Filter, after: number, limit: number): number[] => {
  const along = isWide(filter) ? alongLog(reader, filter, after, limit, 'asc') : undefined
  if (along) return along
  const { sql, values } = streamsWhere(filter)
  const streams = reader
    .query<Stream, (string | number)[]>(
      `SELECT s.id, s.last_seq FROM streams s WHERE ${sql} AND s.last_seq > +?`,
    )
    .all(...values, after)
  const sliced = streams.length > mergedStreams ? slice(reader, streams, after, limit) : undefined
  return sliced ?? merge(reader, streams, after, limit)
}

const seqsOfAny = (reader: Database, filters: readonly Filter[], after: number, limit: number): number[] => {
  const found = filters.map((filter) => seqsAfter(reader, filter, after, limit))
  if (found.length === 1) return found[0] ?? []
  return [...new Set(found.flat())].sort((a, b) => a - b).slice(0, limit)
}

const newestSeqs = (reader: Database, filter: Filter, limit: number): number[] => {
  const end = headOf(reader) + 1
  const along = isWide(filter) ? alongLog(reader, filter, end, limit, 'desc') : undefined
  if (along) return along
  const { sql, values } = streamsWhere(filter)
  const streams = reader
    .query<Stream & { events: number }, (string | number)[]>(
      `SELECT s.id, s.last_seq, s.events FROM streams s WHERE ${sql} ORDER BY s.last_seq DESC LIMIT +?`,
    )
    .all(...values, limit)
  const before = reader.query<{ seq: number }, [number, number, number, number]>(
    'SELECT seq FROM stream_events WHERE stream = +? AND seq < +? AND seq >= +? ORDER BY seq DESC LIMIT +?',
  )
  // with a stream for each event of the page, none of it is older than the newest event of the last of them
  let edge = streams.length === limit ? (streams.at(-1)?.last_seq ?? 0) : 0
  let seqs: number[] = []
  for (const { id, last_seq: newest, events } of streams) {
    if (newest < edge) break
    seqs.push(newest)
    if (events > 1) for (const { seq } of before.all(id, newest, edge, limit)) seqs.push(seq)
    if (seqs.length < limit) continue
    seqs = seqs.sort((a, b) => b - a).slice(0, limit)
    edge = Math.max(edge, seqs.at(-1) ?? 0)
  }
  return seqs.sort((a, b) => b - a)
}

/** A filter that may mean any number of streams: those are not asked one by one, nor counted. */
const isWide = ({ type, patterns }: Filter): boolean =>
  type === undefined && (patterns === undefined || patterns.some(({ prefix }) => prefix))

/** The last number that arrived at or before `time` (epoch ms): arrival never goes back, so halving finds it. */
export const seqAt = (reader: Database, time: number): number => {
  const at = reader.query<{ seq: number; at: number }, [number]>(
    'SELECT seq, at FROM events WHERE seq >= +? ORDER BY seq LIMIT 1',
  )
  let low = 0
  let high = headOf(reader) + 1
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    const row = at.get(middle)
    if (row && row.at <= time) low = middle
    else high = middle
  }
  return low
}

/** The number that a cursor means, whatever is behind it; a time is looked up by arrival. Throws `bad_request`. */
export const seqOfCursor = (reader: Database, since: Cursor): number => {
  const seq = typeof since === 'number' ? since : seqOfId(since)
  if (seq !== undefined) return seq
  if (isIsoTime(String(since))) return seqAt(reader, Date.parse(String(since)))
  throw new PaidError('bad_request', 'since must be an event id (evt_12), a number or an ISO 8601 time')
}

/** Whether anything was ever posted; what the daemon says of itself does not count. */
export const anyPosted = (reader: Database, namespace: string): boolean =>
  reader.query("SELECT 1 FROM counters WHERE namespace = ? AND name = 'events'").get(namespace) !== null

const headOf = (reader: Database): number =>
  reader.query<{ seq: number | null }, []>('SELECT max(seq) AS seq FROM events').get()?.seq ?? 0

/** The seqs of the first `limit` events after `bound`, from each stream's own index: a few of each, then more of some. */
const merge = (reader: Database, streams: readonly Stream[], bound: number, limit: number): number[] => {
  const next = reader.query<{ seq: number }, [number, number, number, number]>(
    'SELECT seq FROM stream_events WHERE stream = +? AND seq > +? AND seq <= +? ORDER BY seq LIMIT +?',
  )
  let seqs: number[] = []
  let edge = Number.MAX_SAFE_INTEGER
  let open = streams.map(({ id }) => ({ id, at: bound }))
  let share = Math.min(limit, Math.ceil((2 * limit) / Math.max(1, streams.length)) + 1)
  while (open.length > 0) {
    const unfinished: typeof open = []
    for (const { id, at } of open) {
      const found = next.all(id, at, edge, share)
      for (const { seq } of found) seqs.push(seq)
      const last = found.at(-1)
      if (last && found.length === share) unfinished.push({ id, at: last.seq })
    }
    seqs = seqs.sort((a, b) => a - b).slice(0, limit)
    if (seqs.length === limit) edge = seqs.at(-1) ?? edge
    open = unfinished.filter(({ at }) => at < edge)
    share = limit
  }
  return seqs
}

/** The first after `bound` by reading along the log; undefined when too few were found in the slices it may read. */
const slice = (
  reader: Database,
  streams: readonly Stream[],
  bound: number,
  limit: number,
): number[] | undefined => {
  const wanted = new Set(streams.map(({ id }) => id))
  const rows = reader.query<{ seq: number; stream: number }, [number, number]>(
    'SELECT seq, stream FROM events WHERE seq > +? ORDER BY seq LIMIT +?',
  )
  const seqs: number[] = []
  let at = bound
  for (let n = 0; n < slices; n++) {
    const found = rows.all(at, sliceRows)
    for (const { seq, stream } of found) {
      at = seq
      if (wanted.has(stream) && seqs.push(seq) === limit) return seqs
    }
    if (found.length < sliceRows) return seqs
  }
  return undefined
}

/** The same where the streams are not known: each event's own is looked at. */
const alongLog = (
  reader: Database,
  filter: Filter,
  bound: number,
  limit: number,
  order: Order,
): number[] | undefined => {
  const { sql, values } = streamsWhere(filter)
  const inSlice = order === 'asc' ? 'e.seq > +? AND e.seq <= +?' : 'e.seq < +? AND e.seq >= +?'
  const rows = reader.query<{ seq: number }, (string | number)[]>(
    `SELECT e.seq ${from} WHERE ${inSlice} AND ${sql} ORDER BY e.seq ${order} LIMIT +?`,
  )
  const last = order === 'asc' ? headOf(reader) : 1
  const seqs: number[] = []
  let at = bound
  for (let n = 0; n < slices; n++) {
    const end = order === 'asc' ? Math.min(last, at + sliceRows) : Math.max(last, at - sliceRows)
    for (const { seq } of rows.all(at, end, ...values, limit - seqs.length)) seqs.push(seq)
    if (seqs.length === limit || end === last || (order === 'asc' ? at >= last : at <= last)) return seqs
    at = end
  }
  return undefined
}

/** The events of these seqs in their order, as many as a page's bytes hold, one at least. */
const load = (reader: Database, seqs: readonly number[]): { events: LogEvent[]; cut: boolean } => {
  const row = reader.query<EventRow, [number]>(`SELECT ${rowColumns} ${from} WHERE e.seq = +?`)
  const events: LogEvent[] = []
  let bytes = 0
  for (const seq of seqs) {
    const found = row.get(seq)
    if (!found) continue
    bytes += found.data.length
    if (events.length > 0 && bytes > limits.pageBytes) return { events, cut: true }
    events.push(eventOfRow(found))
  }
  return { events, cut: false }
}
