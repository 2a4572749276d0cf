// THE SESSIONS ROOM: one summary row for each session that was heard, written in the same commit as its events.
// Promises: totals and the list cost the same however many events there are. A session's folder is the last one it
// said; its title is Claude's own, or else the first line of its first prompt.

import type { Database } from 'bun:sqlite'
import { sessionPrefix } from '../protocol/channel.ts'
import { eventId } from '../protocol/event.ts'
import type { HandlersFor } from '../core/dispatch.ts'
import type { Log } from '../core/log.ts'
import type { LogEvent } from '../core/log-event.ts'
import { addToCounter } from '../core/streams.ts'

const upsert = `INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET
    folder = coalesce(excluded.folder, folder),
    title = coalesce(iif(?, excluded.title, NULL), title, excluded.title),
    events = events + excluded.events,
    last_seq = excluded.last_seq, last_at = excluded.last_at, last_type = excluded.last_type
  RETURNING events`

const list = 'SELECT * FROM sessions WHERE namespace = ? ORDER BY last_seq DESC LIMIT ?'

type Row = {
  id: string
  folder: string | null
  title: string | null
  events: number
  first_seq: number
  first_at: number
  last_seq: number
  last_at: number
  last_type: string
}

/** events that say where a session is or what it is called; of the others only a session's first is looked into */
const telling = new Set(['SessionStart', 'CwdChanged', 'UserPromptSubmit', 'session.start'])

const titleLength = 80
const knownSessions = 10_000

export const createSessions = ({ log }: { log: Log }): HandlersFor<'session'> => {
  const known = new Set<string>()

  log.project((events, database) => {
    for (const sum of sumUp(events, known)) write(database, sum)
    if (known.size > knownSessions) known.clear()
  })

  return {
    'session.list': async ({ limit }, peer) => ({
      sessions: (
        await log.read((reader) => reader.query<Row, [string, number]>(list).all(peer.namespace, limit))
      ).map((row) => ({
        id: row.id,
        ...(row.folder !== null && { folder: row.folder }),
        ...(row.title !== null && { title: row.title }),
        events: row.events,
        firstAt: row.first_at,
        firstEvent: eventId(row.first_seq),
        lastAt: row.last_at,
        lastEvent: eventId(row.last_seq),
        lastType: row.last_type,
      })),
    }),
  }
}

type Told = { folder?: string; title?: string; titleGiven?: boolean }
type Sum = { id: string; events: number; first: LogEvent; last: LogEvent; told: Told }

/** What a group of events says of each session in it. */
const sumUp = (events: readonly LogEvent[], known: Set<string>): Iterable<Sum> => {
  const sums = new Map<string, Sum>()
  for (const event of events) {
    if (!event.channel.startsWith(sessionPrefix)) continue
    const name = `${event.namespace}\n${event.channel}`
    let sum = sums.get(name)
    if (!sum) {
      sum = { id: event.channel.slice(sessionPrefix.length), events: 0, first: event, last: event, told: {} }
      sums.set(name, sum)
    }
    sum.events++
    sum.last = event
    if (telling.has(event.type) || !known.has(name)) {
      sum.told = { ...sum.told, ...tellingOf(event, sum.told) }
      known.add(name)
    }
  }
  return sums.values()
}

const tellingOf = (event: LogEvent, before: Told): Told => {
  const data: unknown = JSON.parse(event.dataText)
  if (typeof data !== 'object' || data === null) return {}
  const folder = textIn(data, 'new_cwd') ?? textIn(data, 'cwd') ?? textIn(data, 'workingDirectory')
  const given = textIn(data, 'session_title')
  const [line] = (textIn(data, 'prompt') ?? '').trim().split('\n', 1)
  const title = given ?? (before.title === undefined && line ? line : undefined)
  return {
    ...(folder !== undefined && { folder }),
    ...(title !== undefined && { title: title.slice(0, titleLength), titleGiven: given !== undefined }),
  }
}

const textIn = (data: object, name: string): string | undefined => {
  const value: unknown = Object.hasOwn(data, name) ? Reflect.get(data, name) : undefined
  return typeof value === 'string' && value !== '' ? value : undefined
}

const write = (database: Database, { id, events, first, last, told }: Sum): void => {
  const row = database
    .query<{ events: number }, (string | number | boolean | null)[]>(upsert)
    .get(
      first.namespace,
      id,
      told.folder ?? null,
      told.title ?? null,
      events,
      first.seq,
      first.at,
      last.seq,
      last.at,
      last.type,
      told.titleGiven ?? false,
    )
  if (row?.events === events) database.query(addToCounter).run(first.namespace, 'sessions', 1)
}
