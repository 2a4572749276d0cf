// The statements of the log, prepared once: its transaction, its savepoint, the row of an event. A transaction is begun
// either so that its COMMIT waits for the disk, or, for what can be made up again, so that it does not.

import type { Database } from 'bun:sqlite'
import { eventOfRow, type EventRow, rowColumns } from './event-row.ts'
import type { LogEvent } from './log-event.ts'

export type Statements = ReturnType<typeof prepareStatements>

export const prepareStatements = (database: Database) => {
  const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const byKey = database.prepare<EventRow, [string, string]>(
    `SELECT ${rowColumns} FROM events e JOIN streams s ON s.id = e.stream WHERE e.namespace = +? AND e.key = +?`,
  )
  const statements = {
    commit: database.prepare('COMMIT'),
    mark: database.prepare('SAVEPOINT closure'),
    keep: database.prepare('RELEASE closure'),
    undo: database.prepare('ROLLBACK TO closure'),
    probe: database.prepare("INSERT INTO meta VALUES ('probe', '') ON CONFLICT DO UPDATE SET value = ''"),
  }
  const immediate = database.prepare('BEGIN IMMEDIATE')
  const rollback = database.prepare('ROLLBACK')
  let synced = true

  const begin = (sync = true): void => {
    // not prepared: a pragma does its work when it is compiled
    if (synced !== sync) database.run(`PRAGMA synchronous = ${sync ? 'FULL' : 'NORMAL'}`)
    synced = sync
    immediate.run()
  }

  /** Nothing is left of the transaction, if there is one still. */
  const rollBack = (): void => {
    if (database.inTransaction) rollback.run()
  }

  return {
    ...statements,
    begin,
    rollBack,

    /** Writes something that changes nothing; throws when it cannot. */
    attempt: (): true => {
      try {
        begin()
        statements.probe.run()
        statements.commit.run()
        return true
      } finally {
        rollBack()
      }
    },

    insert: (event: LogEvent): void => {
      insert.run(
        event.seq,
        event.stream,
        event.namespace,
        event.at,
        event.occurredAt ?? null,
        event.by,
        event.key ?? null,
        event.originText ?? null,
        event.dataText,
        event.own ?? null,
      )
    },

    byKey: (namespace: string, key: string): LogEvent | undefined => {
      const row = byKey.get(namespace, key)
      return row ? eventOfRow(row) : undefined
    },

    /** The newest event's number and arrival; zeros in an empty log. */
    last: (): { seq: number; at: number } =>
      database
        .query<{ seq: number; at: number }, []>('SELECT seq, at FROM events ORDER BY seq DESC LIMIT 1')
        .get() ?? { seq: 0, at: 0 },

    close: (): void => {
      for (const statement of [...Object.values(statements), immediate, rollback, insert, byKey])
        statement.finalize()
    },
  }
}
