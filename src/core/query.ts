// Reading the log. Every page is bounded in events and in bytes, and costs the same however long the log is: few
// streams are merged from their index, many are read in slices along the log itself.

import type { Database } from 'bun:sqlite'
import { limits } from '../protocol/limits.ts'
import { streamsWhere, type Filter } from './filter.ts'
import { eventOfRow, rowColumns, type EventRow } from './event-row.ts'
import type { LogEvent } from './log-event.ts'

/** Oldest first. `more`: there may be events behind the last one. */
export type Page = { events: LogEvent[]; more: boolean }

type Stream = { id: number; last_seq: number; events: number }

/** up to so many streams are merged; above, the log is read in slices first */
const mergedStreams = 16
const sliceRows = 4096
const slices = 8

const from = 'FROM events e JOIN streams s ON s.id = e.stream'

/** The first `limit` events after `after`, oldest first. */
export const pageAfter = (reader: Database, filter: Filter, after: number, limit: number): Page => {
  const streams = streamsOf(reader, filter).filter((stream) => stream.last_seq > after)
  if (streams.length === 0) return { events: [], more: false }
  const seqs =
    streams.length <= mergedStreams
      ? merge(reader, streams, after, limit, 'asc')
      : (slice(reader, streams, after, limit, 'asc') ?? merge(reader, streams, after, limit, 'asc'))
  const { events, cut } = load(reader, seqs)
  return { events, more: cut || seqs.length === limit }
}

/** The newest `limit` events, oldest first. */
export const pageNewest = (reader: Database, filter: Filter, limit: number): Page => {
  const head = headOf(reader)
  const streams = streamsOf(reader, filter)
  const seqs =
    streams.length <= mergedStreams
      ? merge(reader, streams, head + 1, limit, 'desc')
      : (slice(reader, streams, head + 1, limit, 'desc') ?? merge(reader, streams, head + 1, limit, 'desc'))
  const { events } = load(reader, seqs)
  return { events: events.toReversed(), more: false }
}

/** The last number that arrived at or before `time` (epoch ms): arrival never goes back, so halving finds it. */
export const seqAt = (reader: Database, time: number): number => {
  const at = reader.query<{ seq: number; at: number }, [number]>(
    'SELECT seq, at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1',
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

/** Whether anything was ever posted; what the daemon says of itself does not count. */
export const anyPosted = (reader: Database, namespace: string): boolean =>
  reader.query("SELECT 1 FROM counters WHERE namespace = ? AND name = 'events'").get(namespace) !== null

const headOf = (reader: Database): number =>
  reader.query<{ seq: number | null }, []>('SELECT max(seq) AS seq FROM events').get()?.seq ?? 0

const streamsOf = (reader: Database, filter: Filter): Stream[] => {
  const { sql, values } = streamsWhere(filter)
  return reader
    .query<Stream, string[]>(`SELECT id, last_seq, events FROM streams WHERE ${sql} ORDER BY last_seq DESC`)
    .all(...values)
}

/** The seqs of the first `limit` events from `bound` (exclusive) in a direction, from each stream's index. */
const merge = (
  reader: Database,
  streams: readonly Stream[],
  bound: number,
  limit: number,
  order: 'asc' | 'desc',
): number[] => {
  const next = reader.query<{ seq: number }, [number, number, number]>(
    order === 'asc'
      ? 'SELECT seq FROM events WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?'
      : 'SELECT seq FROM events WHERE stream = ? AND seq < ? ORDER BY seq DESC LIMIT ?',
  )
  const compare = order === 'asc' ? (a: number, b: number) => a - b : (a: number, b: number) => b - a
  let seqs: number[] = []
  for (const stream of streams) {
    const furthest = seqs.length === limit ? seqs.at(-1) : undefined
    // newest first: the streams come by their last seq, so none that follows can hold a newer one
    if (order === 'desc' && furthest !== undefined && stream.last_seq < furthest) break
    for (const { seq } of next.all(stream.id, bound, limit)) {
      if (furthest !== undefined && compare(seq, furthest) > 0) break
      seqs.push(seq)
    }
    seqs.sort(compare)
    if (seqs.length > limit) seqs = seqs.slice(0, limit)
  }
  return seqs
}

/** The same by reading along the log; undefined when too few were found within the slices it may read. */
const slice = (
  reader: Database,
  streams: readonly Stream[],
  bound: number,
  limit: number,
  order: 'asc' | 'desc',
): number[] | undefined => {
  const wanted = new Set(streams.map(({ id }) => id))
  const rows = reader.query<{ seq: number; stream: number }, [number, number]>(
    order === 'asc'
      ? 'SELECT seq, stream FROM events WHERE seq > ? ORDER BY seq LIMIT ?'
      : 'SELECT seq, stream FROM events WHERE seq < ? ORDER BY seq DESC LIMIT ?',
  )
  const seqs: number[] = []
  let at = bound
  let size = Math.min(sliceRows, limit * 2)
  for (let n = 0; n < slices; n++) {
    const found = rows.all(at, size)
    for (const { seq, stream } of found) {
      at = seq
      if (wanted.has(stream) && seqs.push(seq) === limit) return seqs
    }
    if (found.length < size) return seqs
    size = sliceRows
  }
  return undefined
}

/** The events of these seqs in their order, as many as a page's bytes hold, one at least. */
const load = (reader: Database, seqs: readonly number[]): { events: LogEvent[]; cut: boolean } => {
  const row = reader.query<EventRow, [number]>(`SELECT ${rowColumns} ${from} WHERE e.seq = ?`)
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
