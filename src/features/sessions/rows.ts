// What is kept of a managed session: its row, and the messages that it has not seen yet.

import type { Database } from 'bun:sqlite'
import { z } from 'zod'
import {
  endStatuses,
  liveStatuses,
  type Session,
  sessionStatuses,
  type SessionStatus,
  type Tokens,
} from '../../protocol/sessions.ts'

export type Place = { readonly namespace: string; readonly id: string }

export const keyOf = ({ namespace, id }: Place): string => `${namespace}\n${id}`

/** A managed session as it is kept. */
export type Managed = Place & {
  status: SessionStatus
  directory: string
  title: string | null
  model: string | null
  permissionMode: string | null
  budgetUsd: number | null
  alias: string | null
  labels: Record<string, string> | null
  by: string
  startedAt: number
  endedAt: number | null
  turns: number
  failedTurns: number
  busyMs: number
  tokens: Tokens
  costUsd: number
  error: string | null
  pid: number | null
  processStart: string | null
  /** Claude's own id of it, when `/clear` began another */
  conversation: string | null
}

type Row = {
  namespace: string
  id: string
  status: string
  directory: string
  title: string | null
  model: string | null
  permission_mode: string | null
  budget_usd: number | null
  alias: string | null
  labels: string | null
  by: string
  started_at: number
  ended_at: number | null
  turns: number
  failed_turns: number
  busy_ms: number
  tokens: string
  cost_usd: number
  error: string | null
  pid: number | null
  process_start: string | null
  conversation: string | null
}

const put = `INSERT OR REPLACE INTO managed_sessions VALUES (${Array(22).fill('?').join(', ')})`
const one = 'SELECT * FROM managed_sessions WHERE namespace = +? AND id = +?'
const called = 'SELECT id FROM managed_sessions WHERE namespace = +? AND alias = ?'
const live = `SELECT * FROM managed_sessions WHERE status IN (${liveStatuses.map((status) => `'${status}'`).join(', ')})`

export const isOver = (status: SessionStatus): boolean =>
  (endStatuses as readonly SessionStatus[]).includes(status)

export const store = (database: Database, of: Managed): void => {
  const labels = of.labels && JSON.stringify(of.labels)
  database
    .query(put)
    .run(
      of.namespace,
      of.id,
      of.status,
      of.directory,
      of.title,
      of.model,
      of.permissionMode,
      of.budgetUsd,
      of.alias,
      labels,
      of.by,
      of.startedAt,
      of.endedAt,
      of.turns,
      of.failedTurns,
      of.busyMs,
      JSON.stringify(of.tokens),
      of.costUsd,
      of.error,
      of.pid,
      of.processStart,
      of.conversation,
    )
}

export const find = (database: Database, { namespace, id }: Place): Managed | undefined => {
  const row = database.query<Row, [string, string]>(one).get(namespace, id)
  return row ? managedOf(row) : undefined
}

export const idOfAlias = (database: Database, namespace: string, alias: string): string | undefined =>
  database.query<{ id: string }, [string, string]>(called).get(namespace, alias)?.id

/** What a daemon before left running. */
export const leftRunning = (database: Database): Managed[] =>
  database.query<Row, []>(live).all().map(managedOf)

const labelsSchema = z.record(z.string(), z.string())
const tokensSchema = z.object({
  input: z.number(),
  output: z.number(),
  cacheRead: z.number(),
  cacheWrite: z.number(),
})

const managedOf = (row: Row): Managed => ({
  namespace: row.namespace,
  id: row.id,
  status: sessionStatuses.find((status) => status === row.status) ?? 'lost',
  directory: row.directory,
  title: row.title,
  model: row.model,
  permissionMode: row.permission_mode,
  budgetUsd: row.budget_usd,
  alias: row.alias,
  labels: row.labels === null ? null : labelsSchema.parse(JSON.parse(row.labels)),
  by: row.by,
  startedAt: row.started_at,
  endedAt: row.ended_at,
  turns: row.turns,
  failedTurns: row.failed_turns,
  busyMs: row.busy_ms,
  tokens: tokensSchema.parse(JSON.parse(row.tokens)),
  costUsd: row.cost_usd,
  error: row.error,
  pid: row.pid,
  processStart: row.process_start,
  conversation: row.conversation,
})

/** The part of a session's description that it has for being managed. */
export const shownOf = (of: Managed): Partial<Session> => ({
  kind: 'managed',
  status: of.status,
  directory: of.directory,
  ...(of.title !== null && { title: of.title }),
  ...(of.model !== null && { model: of.model }),
  ...(of.permissionMode !== null && { permissionMode: of.permissionMode }),
  ...(of.budgetUsd !== null && { budgetUsd: of.budgetUsd }),
  ...(of.alias !== null && { alias: of.alias }),
  ...(of.labels !== null && { labels: of.labels }),
  ...(of.conversation !== null && { conversation: of.conversation }),
  by: of.by,
  startedAt: of.startedAt,
  ...(of.endedAt !== null && { endedAt: of.endedAt }),
  turns: of.turns,
  failedTurns: of.failedTurns,
  busyMs: of.busyMs,
  tokens: of.tokens,
  costUsd: of.costUsd,
  ...(of.error !== null && { error: of.error }),
  ...(of.pid !== null && !isOver(of.status) && { pid: of.pid }),
})

/** Messages are noted until they were seen, so that those that a killed daemon left unseen are told of. */
export const inbox = {
  add: (database: Database, { namespace, id }: Place, message: string): void =>
    void database
      .query('INSERT INTO session_inbox (namespace, id, message) VALUES (?, ?, ?)')
      .run(namespace, id, message),
  remove: (database: Database, { namespace, id }: Place, message: string): void =>
    void database
      .query('DELETE FROM session_inbox WHERE namespace = +? AND id = +? AND message = +?')
      .run(namespace, id, message),
  of: (database: Database, { namespace, id }: Place): string[] =>
    database
      .query<{ message: string }, [string, string]>(
        'SELECT message FROM session_inbox WHERE namespace = +? AND id = +? ORDER BY message',
      )
      .all(namespace, id)
      .map(({ message }) => message),
}

/** of one that is about to run, again or for the first time */
export const begun = {
  status: 'initializing',
  endedAt: null,
  error: null,
  pid: null,
  processStart: null,
} as const
export const fresh = {
  ...begun,
  turns: 0,
  failedTurns: 0,
  busyMs: 0,
  tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  costUsd: 0,
  conversation: null,
}
