// Guards as the database keeps them.

import type { Database } from 'bun:sqlite'
import { type Guard, guardPrefix, whenDowns } from '../../protocol/guards.ts'
import type { Draft } from '../../core/log-event.ts'

type Row = {
  namespace: string
  pattern: string
  lock: string
  wait_ms: number
  when_down: string
  by: string
  added_at: number
}

/** All of them, by namespace. */
export const allGuards = (database: Database): Map<string, readonly Guard[]> => {
  const rows = database.query<Row, []>('SELECT * FROM guards ORDER BY namespace, pattern').all()
  return new Map(
    Object.entries(Object.groupBy(rows, ({ namespace }) => namespace)).map(([namespace, of = []]) => [
      namespace,
      of.map(guardOf),
    ]),
  )
}

const guardOf = ({ pattern, lock, wait_ms: wait, when_down, by, added_at: addedAt }: Row): Guard => ({
  pattern,
  lock,
  wait,
  whenDown: whenDowns.find((each) => each === when_down) ?? 'deny',
  by,
  addedAt,
})

export const putGuard = (database: Database, namespace: string, guard: Guard): void => {
  const { pattern, lock, wait, whenDown, by, addedAt } = guard
  database
    .query('INSERT OR REPLACE INTO guards VALUES (?, ?, ?, ?, ?, ?, ?)')
    .run(namespace, pattern, lock, wait, whenDown, by, addedAt)
}

export const removeGuard = (database: Database, namespace: string, pattern: string): void => {
  database.query('DELETE FROM guards WHERE namespace = +? AND pattern = +?').run(namespace, pattern)
}

/** An event of a guard, on the channel of its lock. */
export const told = (
  { namespace, lock }: { namespace: string; lock: string },
  type: string,
  data: object,
  by: string,
): Draft => ({ namespace, channel: `${guardPrefix}${lock}`, type, by, dataText: JSON.stringify(data) })
