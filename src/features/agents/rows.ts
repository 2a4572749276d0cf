// Agents and their sessions as the database keeps them, and as the room shows them.

import type { Database } from 'bun:sqlite'
import type { Agent, AgentSession } from '../../protocol/agents.ts'
import type { Key } from '../../protocol/keys.ts'
import { limits } from '../../protocol/limits.ts'
import { type KeyRow, scopesOf, stateOf } from './keys.ts'

export type AgentRow = {
  name: string
  presence: Agent['presence']
  changed_at: number
  organization: string | null
  /** JSON */
  instance: string | null
  registered_at: number | null
  heard_at: number | null
  /** JSON */
  metrics: string | null
  state: NonNullable<Agent['state']> | null
  message: string | null
  reported_at: number | null
}

export type SessionRow = {
  id: string
  name: string
  type: AgentSession['type']
  status: AgentSession['status']
  created_at: number
  active_at: number
  expires_at: number
  /** JSON */
  metadata: string | null
  heard_at: number | null
  activity: NonNullable<AgentSession['activity']> | null
  /** JSON; of a login, as is `refresh_hash` */
  scopes: string | null
  refresh_hash: string | null
}

export const findAgent = (database: Database, name: string): AgentRow | undefined =>
  database.query<AgentRow, [string]>('SELECT * FROM agents WHERE name = +?').get(name) ?? undefined

/** Sets some of what is known of an agent; the rest stays. */
export const putAgent = (
  database: Database,
  row: Pick<AgentRow, 'name' | 'presence' | 'changed_at'> & { [K in keyof AgentRow]?: AgentRow[K] },
): void => {
  const names = Object.keys(row)
  const set = names.map((name) => `${name} = excluded.${name}`).join(', ')
  database
    .query(
      `INSERT INTO agents (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})
       ON CONFLICT DO UPDATE SET ${set}`,
    )
    .run(...Object.values(row))
}

/** Nothing of it is known any more, none of its tokens is good; how many sessions ended. */
export const forgetAgent = (database: Database, name: string): number => {
  database.query('DELETE FROM agents WHERE name = +?').run(name)
  return database.query('DELETE FROM agent_sessions WHERE name = +?').run(name).changes
}

export const findSession = (database: Database, id: string, now: number): SessionRow | undefined =>
  database
    .query<SessionRow, [string, number]>('SELECT * FROM agent_sessions WHERE id = +? AND expires_at > +?')
    .get(id, now) ?? undefined

export const sessionsOf = (database: Database, name: string, now: number): SessionRow[] =>
  database
    .query<SessionRow, [string, number]>(
      `SELECT * FROM agent_sessions WHERE name = +? AND expires_at > +?
       ORDER BY created_at DESC, id DESC`,
    )
    .all(name, now)

export const putSession = (database: Database, row: SessionRow): void => {
  database
    .query('INSERT OR REPLACE INTO agent_sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    .run(
      row.id,
      row.name,
      row.type,
      row.status,
      row.created_at,
      row.active_at,
      row.expires_at,
      row.metadata,
      row.heard_at,
      row.activity,
      row.scopes,
      row.refresh_hash,
    )
}

export const removeSession = (database: Database, id: string): void => {
  database.query('DELETE FROM agent_sessions WHERE id = +?').run(id)
}

/** Room for one more session of an agent: what has expired goes, then, for a login, the oldest logins. */
export const makeRoom = (database: Database, name: string, now: number, forLogin: boolean): boolean => {
  database.query('DELETE FROM agent_sessions WHERE name = +? AND expires_at <= +?').run(name, now)
  const { count } = database
    .query<{ count: number }, [string]>('SELECT count(*) AS count FROM agent_sessions WHERE name = +?')
    .get(name) ?? { count: 0 }
  if (count < limits.agentSessions) return true
  if (!forLogin) return false
  const oldest = `SELECT id FROM agent_sessions WHERE name = +? ORDER BY refresh_hash IS NULL, created_at LIMIT 1`
  database.query(`DELETE FROM agent_sessions WHERE id = (${oldest})`).run(name)
  return true
}

/** When something was last heard of the one that is registered; that one is there for a while after it. */
export const isAlive = ({ registered_at: registered, heard_at: heard }: AgentRow, now: number): boolean =>
  Math.max(registered ?? 0, heard ?? 0) > now - limits.agentOnlineMs

const isOnline = (row: AgentRow | undefined, now: number): boolean =>
  (row?.heard_at ?? 0) > now - limits.agentOnlineMs

/** What this file's writers, and the room's, made of values that a schema had passed. */
const parsed = (text: string | null) => (text === null ? undefined : JSON.parse(text))

/** Fields that are there. */
const present = <T extends object>(fields: { [K in keyof T]: T[K] | null | undefined }): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined)) as T

export const shownAgent = (key: KeyRow, row: AgentRow | undefined, now: number): Agent => ({
  name: key.name,
  presence: row?.presence ?? 'offline',
  online: isOnline(row, now),
  addedAt: key.added_at,
  changedAt: row?.changed_at ?? key.added_at,
  ...present<Partial<Agent>>({
    organization: row?.organization ?? key.organization,
    heardAt: row?.heard_at,
    metrics: parsed(row?.metrics ?? null),
    state: row?.state,
    message: row?.message,
    reportedAt: row?.reported_at,
    instance: parsed(row?.instance ?? null),
    registeredAt: row?.registered_at,
  }),
})

export const shownSession = (row: SessionRow): AgentSession => ({
  id: row.id,
  agent: row.name,
  type: row.type,
  status: row.status,
  createdAt: row.created_at,
  activeAt: row.active_at,
  expiresAt: row.expires_at,
  ...present<Partial<AgentSession>>({
    metadata: parsed(row.metadata),
    heardAt: row.heard_at,
    activity: row.activity,
  }),
})

export const shownKey = (key: KeyRow, row: AgentRow | undefined, now: number): Key => ({
  name: key.name,
  scopes: scopesOf(key),
  state: stateOf(key, now),
  by: key.by,
  addedAt: key.added_at,
  online: isOnline(row, now),
  ...present<Partial<Key>>({
    organization: key.organization,
    expiresAt: key.expires_at,
    revokedAt: key.revoked_at,
    heardAt: row?.heard_at,
    instance: parsed(row?.instance ?? null)?.instanceId,
  }),
})
