// What follows from the events: the index of their streams, the totals, the rows of projections. It is written behind
// them, many events at a time: the COMMIT that somebody waits for holds the events alone, where what follows from each
// would touch half a dozen pages more, and mostly the same ones again and again.
// Promises: who reads through the log sees all of it; what a crash left out is made up from the events; nothing follows
// twice from one event, for the largest `last_seq` of the streams, written with the rest, says how far it came.

import type { Database } from 'bun:sqlite'
import { PaidError } from '../protocol/error.ts'
import { eventOfRow, type EventRow, rowColumns } from './event-row.ts'
import type { LogEvent } from './log-event.ts'
import type { Statements } from './log-statements.ts'
import type { Streams } from './streams.ts'

/** Sees stored events, each once and in their order, and may write rows that follow from them. */
export type Projection = (events: readonly LogEvent[], database: Database) => void

/** so many events, or so much of their payloads, at most wait in memory, and are made up after a crash */
const mostEvents = 2048
const mostCharacters = 4 * 1024 * 1024
/** and so long, when nobody reads */
const restMs = 250

export const createFollowing = (
  database: Database,
  streams: Streams,
  { begin, commit, rollBack }: Pick<Statements, 'begin' | 'commit' | 'rollBack'>,
) => {
  const projections: Projection[] = []
  let began = false
  let undone = 0
  let resting: Timer | undefined
  let behind: LogEvent[] = database
    .query<EventRow, [number]>(
      `SELECT ${rowColumns} FROM events e JOIN streams s ON s.id = e.stream WHERE e.seq > +? ORDER BY e.seq`,
    )
    .all(streams.head())
    .map(eventOfRow)
  let characters = 0

  const size = (events: readonly LogEvent[]): number => {
    let sum = 0
    for (const { dataText } of events) sum += dataText.length
    return sum
  }

  /** Writes what follows from all that waited and from these; part of the open transaction. */
  const write = (more: readonly LogEvent[] = []): void => {
    began = true
    const events = behind.length === 0 ? more : [...behind, ...more]
    if (events.length === 0) return
    streams.write(events)
    for (const project of projections) project(events, database)
  }

  const written = (): void => {
    behind = []
    characters = 0
  }

  const undo = (): void => {
    streams.forget()
    undone++
  }

  /** Needs no sync: what a crash takes of it is made up. */
  const catchUp = (): void => {
    if (behind.length === 0) return
    try {
      begin(false)
      write()
      commit.run()
    } catch (error) {
      rollBack()
      undo()
      throw error
    }
    written()
  }

  const rest = (): void => {
    resting = undefined
    // while writes come, one of their groups takes it along
    if (!database.inTransaction) tryToCatchUp()
  }

  const tryToCatchUp = (): void => {
    try {
      catchUp()
    } catch {
      // whoever reads next tries again and is told, or the next start does
    }
  }

  const unkept = <T>(query: (reader: Database) => T): T => {
    try {
      begin()
      write()
    } catch {
      throw new PaidError('storage_full')
    }
    return query(database)
  }

  return {
    project: (projection: Projection): void => {
      if (began) throw new Error('A projection that comes after the first read would miss events')
      projections.push(projection)
    },

    /** Events that are on disk and that nothing follows from yet, oldest first. */
    get behind(): readonly LogEvent[] {
      return behind
    },
    get undone(): number {
      return undone
    },

    /** Whether too many would wait with these. */
    isDue: (more: readonly LogEvent[]): boolean =>
      behind.length + more.length > mostEvents || characters + size(more) > mostCharacters,

    write,

    /** What was written is on disk. */
    written,

    /** What was written in the open transaction is gone with it. */
    undo,

    /** These are on disk, and nothing follows from them yet. */
    add: (events: readonly LogEvent[]): void => {
      for (const event of events) behind.push(event)
      characters += size(events)
      resting ??= setTimeout(rest, restMs)
    },

    /** A read that sees it: on a disk that takes no more, in a transaction that is not kept. Throws `storage_full`. */
    read: <T>(reader: Database, query: (reader: Database) => T): T => {
      try {
        catchUp()
      } catch {
        try {
          return unkept(query)
        } finally {
          rollBack()
          undo()
        }
      }
      return query(reader)
    },

    close: (): void => {
      clearTimeout(resting)
      tryToCatchUp()
    },
  }
}
