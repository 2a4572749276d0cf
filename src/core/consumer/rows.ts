// What is on disk of a consumer: its cursor, its last success and failure, and the events it set aside.

import type { Database } from 'bun:sqlite'

/** Whose rows they are. */
export type Place = { readonly namespace: string; readonly name: string }

export type ConsumerRow = {
  /** the last event that is dealt with */
  cursor: number
  handled: number
  success_seq: number | null
  success_at: number | null
  /** the event that was tried in vain since, so many times */
  failing: number | null
  attempts: number
  failure_seq: number | null
  failure_at: number | null
  failure: string | null
}

export type SetAside = { seq: number; at: number; attempts: number; failure: string }

/** events set aside that are kept for each consumer; the oldest go, their telling events stay */
const keptAside = 1000

const place = 'namespace = +? AND name = +?'

/** A consumer that begins behind event `cursor`. */
export const addConsumer = (database: Database, { namespace, name }: Place, cursor: number): void => {
  database
    .query('INSERT INTO consumers (namespace, name, cursor) VALUES (?, ?, ?)')
    .run(namespace, name, cursor)
}

export const removeConsumer = (database: Database, { namespace, name }: Place): void => {
  database.query(`DELETE FROM consumers WHERE ${place}`).run(namespace, name)
  database.query(`DELETE FROM set_aside WHERE ${place}`).run(namespace, name)
}

export const findConsumer = (database: Database, { namespace, name }: Place): ConsumerRow | undefined =>
  database
    .query<ConsumerRow, [string, string]>(
      `SELECT cursor, handled, success_seq, success_at, failing, attempts, failure_seq, failure_at, failure
       FROM consumers WHERE ${place}`,
    )
    .get(namespace, name) ?? undefined

export const saveConsumer = (database: Database, { namespace, name }: Place, row: ConsumerRow): void => {
  database
    .query(
      `UPDATE consumers SET cursor = ?, handled = ?, success_seq = ?, success_at = ?, failing = ?, attempts = ?,
       failure_seq = ?, failure_at = ?, failure = ? WHERE ${place}`,
    )
    .run(
      row.cursor,
      row.handled,
      row.success_seq,
      row.success_at,
      row.failing,
      row.attempts,
      row.failure_seq,
      row.failure_at,
      row.failure,
      namespace,
      name,
    )
}

export const setAside = (database: Database, { namespace, name }: Place, aside: SetAside): void => {
  database
    .query(
      `INSERT INTO set_aside VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
       SET at = excluded.at, attempts = excluded.attempts, failure = excluded.failure`,
    )
    .run(namespace, name, aside.seq, aside.at, aside.attempts, aside.failure)
  database
    .query(
      `DELETE FROM set_aside WHERE ${place} AND seq <= (
         SELECT seq FROM set_aside WHERE ${place} ORDER BY seq DESC LIMIT 1 OFFSET ${keptAside})`,
    )
    .run(namespace, name, namespace, name)
}

export const takeBack = (database: Database, { namespace, name }: Place, seq: number): boolean =>
  database.query(`DELETE FROM set_aside WHERE ${place} AND seq = +?`).run(namespace, name, seq).changes > 0

/** What is set aside, oldest first. */
export const listAside = (
  reader: Database,
  { namespace, name }: Place,
  limit: number,
  after = 0,
): SetAside[] =>
  reader
    .query<SetAside, [string, string, number, number]>(
      `SELECT seq, at, attempts, failure FROM set_aside WHERE ${place} AND seq > +? ORDER BY seq LIMIT +?`,
    )
    .all(namespace, name, after, limit)

export const countAside = (reader: Database, { namespace, name }: Place): number =>
  reader
    .query<{ count: number }, [string, string]>(`SELECT count(*) AS count FROM set_aside WHERE ${place}`)
    .get(namespace, name)?.count ?? 0
