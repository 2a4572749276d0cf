// Rules as the database keeps them.

import type { Database } from 'bun:sqlite'
import { type RuleDefinition, rulePrefix } from '../../protocol/rules.ts'
import type { Place } from '../../core/consumer.ts'
import type { Draft } from '../../core/log-event.ts'

export type RuleRow = {
  namespace: string
  name: string
  definition: RuleDefinition
  paused: boolean
  by: string
  addedAt: number
}

type Stored = {
  namespace: string
  name: string
  definition: string
  paused: number
  by: string
  added_at: number
}

const columns = 'namespace, name, definition, paused, by, added_at'

const rowOf = ({ definition, paused, added_at: addedAt, ...row }: Stored): RuleRow => ({
  ...row,
  addedAt,
  paused: paused === 1,
  // written by `putRule` alone
  definition: JSON.parse(definition) as RuleDefinition,
})

export const allRules = (database: Database): RuleRow[] =>
  database.query<Stored, []>(`SELECT ${columns} FROM rules ORDER BY namespace, name`).all().map(rowOf)

export const findRule = (database: Database, namespace: string, name: string): RuleRow | undefined => {
  const found = database
    .query<Stored, [string, string]>(`SELECT ${columns} FROM rules WHERE namespace = +? AND name = +?`)
    .get(namespace, name)
  return found ? rowOf(found) : undefined
}

export const putRule = (database: Database, { namespace, name, ...row }: RuleRow): void => {
  database
    .query(
      `INSERT INTO rules (${columns}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
       SET definition = excluded.definition, by = excluded.by, added_at = excluded.added_at`,
    )
    .run(namespace, name, JSON.stringify(row.definition), row.paused ? 1 : 0, row.by, row.addedAt)
}

export const restRule = (database: Database, namespace: string, name: string, paused: boolean): void => {
  database
    .query('UPDATE rules SET paused = ? WHERE namespace = +? AND name = +?')
    .run(paused ? 1 : 0, namespace, name)
}

export const removeRule = (database: Database, namespace: string, name: string): void => {
  database.query('DELETE FROM rules WHERE namespace = +? AND name = +?').run(namespace, name)
}

/** Whose cursor it is. */
export const placeOf = ({ namespace, name }: Pick<RuleRow, 'namespace' | 'name'>): Place => ({
  namespace,
  name: `${rulePrefix}${name}`,
})

/** An event that tells of a rule, on its own channel. */
export const told = (
  { namespace, name }: Pick<RuleRow, 'namespace' | 'name'>,
  type: string,
  data: object,
  by: string,
): Draft => ({
  namespace,
  channel: `${rulePrefix}${name}`,
  type,
  by,
  dataText: JSON.stringify(data),
})
