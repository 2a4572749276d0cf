// Stored actions: their rows, and what is shown of them. What looks like a secret is kept for the run alone.

import type { Database } from 'bun:sqlite'
import { actionDefinition, type ActionDefinition } from '../../protocol/actions.ts'

const one = 'SELECT * FROM actions WHERE namespace = +? AND name = +?'
const put = 'INSERT OR REPLACE INTO actions VALUES (?, ?, ?, ?, ?)'
const remove = 'DELETE FROM actions WHERE namespace = +? AND name = +?'
const page = 'SELECT * FROM actions WHERE namespace = ? AND name > ? ORDER BY name LIMIT ?'

type Row = { namespace: string; name: string; definition: string; by: string; added_at: number }

export type Stored = { readonly definition: ActionDefinition; readonly by: string; readonly addedAt: number }

export type Place = { readonly namespace: string; readonly name: string }

const storedOf = (row: Row): Stored => ({
  definition: actionDefinition.parse(JSON.parse(row.definition)),
  by: row.by,
  addedAt: row.added_at,
})

export const find = (database: Database, { namespace, name }: Place): Stored | undefined => {
  const row = database.query<Row, [string, string]>(one).get(namespace, name)
  return row ? storedOf(row) : undefined
}

export const store = (database: Database, namespace: string, { definition, by, addedAt }: Stored): void => {
  database.query(put).run(namespace, definition.name, JSON.stringify(definition), by, addedAt)
}

/** False when there was none. */
export const forget = (database: Database, { namespace, name }: Place): boolean =>
  database.query(remove).run(namespace, name).changes > 0

export const pageOf = (database: Database, namespace: string, after: string, limit: number): Stored[] =>
  database.query<Row, [string, string, number]>(page).all(namespace, after, limit).map(storedOf)
