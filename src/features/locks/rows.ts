// A held lock as a row of its table, and as the event that began it. The table is written behind the events, like all
// that follows from them; only what no event tells, a lease that begins anew, is written at once. So a row may be there
// before its event is looked at, and is then the newer one.

import type { Database } from 'bun:sqlite'
import { z } from 'zod'
import { lockPrefix } from '../../protocol/locks.ts'
import type { LogEvent } from '../../core/log-event.ts'

export type Row = {
  namespace: string
  name: string
  holder: string
  token: number
  acquired_at: number
  /** by the wall clock of when it was written */
  expires_at: number
  ttl_ms: number
  /** by the steady clock of `boot` */
  deadline: number
  boot: string
  note: string | null
  by: string
  /** the peer whose end is its end */
  connection: string | null
}

export type Place = { readonly namespace: string; readonly name: string }

/** \n cannot occur in a namespace or a name. */
export const keyOf = ({ namespace, name }: Place): string => `${namespace}\n${name}`

const begun = z.object({
  holder: z.string(),
  acquiredAt: z.int(),
  expiresAt: z.int(),
  note: z.string().optional(),
})

/** What an event of a lock keeps beside it of the lease that it began; neither a boot nor a peer has a space in it. */
export const ownOf = ({ deadline, boot, connection }: Row): string =>
  connection === null ? `${deadline} ${boot}` : `${deadline} ${boot} ${connection}`

export const beginType = 'lock.acquired'

/** The lock that an event began. */
const rowOf = ({ namespace, channel, seq, by, own = '', data }: LogEvent): Row => {
  const { holder, acquiredAt, expiresAt, note = null } = begun.parse(data)
  const [deadline, boot = '', connection = null] = own.split(' ')
  return {
    namespace,
    name: channel.slice(lockPrefix.length),
    holder,
    token: seq,
    acquired_at: acquiredAt,
    expires_at: expiresAt,
    ttl_ms: expiresAt - acquiredAt,
    deadline: Number(deadline),
    boot,
    note,
    by,
    connection,
  }
}

/** What each lock came to in these events: the lock that is held, or the place that is free. */
const outcomes = (events: readonly LogEvent[]): Map<string, LogEvent> => {
  const last = new Map<string, LogEvent>()
  for (const event of events)
    if (event.channel.startsWith(lockPrefix)) last.set(`${event.namespace}\n${event.channel}`, event)
  return last
}

const set = `INSERT INTO locks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
  holder = excluded.holder, token = excluded.token, acquired_at = excluded.acquired_at,
  expires_at = excluded.expires_at, ttl_ms = excluded.ttl_ms, deadline = excluded.deadline, boot = excluded.boot,
  note = excluded.note, by = excluded.by, connection = excluded.connection`
const follow = `${set} WHERE excluded.token > locks.token`
const remove = 'DELETE FROM locks WHERE namespace = +? AND name = +?'
const page = 'SELECT * FROM locks WHERE namespace = +? AND name > +? AND deadline > +? ORDER BY name LIMIT +?'

/** in the order of the table's columns */
const valuesOf = (row: Row) =>
  [
    row.namespace,
    row.name,
    row.holder,
    row.token,
    row.acquired_at,
    row.expires_at,
    row.ttl_ms,
    row.deadline,
    row.boot,
    row.note,
    row.by,
    row.connection,
  ] as const

/** A lease that no event tells of. */
export const saveRow = (database: Database, row: Row): void => {
  database.query(set).run(...valuesOf(row))
}

/** The table's part of what follows from events. */
export const followInRows = (events: readonly LogEvent[], database: Database): void => {
  for (const event of outcomes(events).values()) {
    if (event.type === beginType) database.query(follow).run(...valuesOf(rowOf(event)))
    else database.query(remove).run(event.namespace, event.channel.slice(lockPrefix.length))
  }
}

/** The locks that are held: the table, and what the events say that it is behind. */
export const readRows = (database: Database, behind: readonly LogEvent[]): Iterable<Row> => {
  const rows = new Map<string, Row>()
  for (const row of database.query<Row, []>('SELECT * FROM locks').all()) rows.set(keyOf(row), row)
  for (const event of outcomes(behind).values()) {
    const { namespace, channel, type, seq } = event
    const key = keyOf({ namespace, name: channel.slice(lockPrefix.length) })
    if (type !== beginType) rows.delete(key)
    else if ((rows.get(key)?.token ?? 0) < seq) rows.set(key, rowOf(event))
  }
  return rows.values()
}

/** Rows of locks that are held at `now`, by name. */
export const pageOfRows = (
  reader: Database,
  namespace: string,
  after: string,
  now: number,
  limit: number,
): Row[] => reader.query<Row, [string, string, number, number]>(page).all(namespace, after, now, limit)
