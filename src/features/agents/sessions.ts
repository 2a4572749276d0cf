// Sessions of agents: those they open, and their logins, which are sessions too and carry the tokens.

import type { Database } from 'bun:sqlite'
import type { AgentSession } from '../../protocol/agents.ts'
import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import type { KeyRow } from './keys.ts'
import { findSession, makeRoom, putSession, type SessionRow, shownSession } from './rows.ts'
import { hashOf, type Tokens } from './tokens.ts'

type Given = {
  name: string
  type: AgentSession['type']
  metadata?: Record<string, unknown> | undefined
  lasts?: number | undefined
}
type Changes = {
  status?: AgentSession['status'] | undefined
  metadata?: Record<string, unknown> | undefined
  extend: boolean
  activeAt?: number | undefined
}

/** Seven of 36 characters. */
const randomPart = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(7)), (number) => (number % 36).toString(36)).join('')

const rowOf = ({ name, type, metadata, lasts = limits.agentSessionMs }: Given, now: number): SessionRow => ({
  id: `session_${type}_${name}_${now}_${randomPart()}`,
  name,
  type,
  status: 'active',
  created_at: now,
  active_at: now,
  expires_at: now + lasts,
  metadata: metadata === undefined ? null : JSON.stringify(metadata),
  heard_at: null,
  activity: null,
  scopes: null,
  refresh_hash: null,
})

export const createSessionsOfAgents = ({ tokens }: { tokens: Tokens }) => {
  const access = ({ id, name, scopes, expires_at: end }: SessionRow, now: number) => {
    const accessExpiresAt = Math.min(now + limits.agentAccessMs, end)
    const granted: string[] = JSON.parse(scopes ?? '[]')
    return {
      access: tokens.sign(
        { orchestratorId: name, daemonId: id, scopes: granted, type: 'access' },
        accessExpiresAt,
      ),
      accessExpiresAt,
    }
  }

  /** Throws `unknown_agent_session`; `forbidden` for one of another agent. */
  const own = (database: Database, name: string, id: string, now: number): SessionRow => {
    const row = findSession(database, id, now)
    if (!row) throw new PaidError('unknown_agent_session')
    if (row.name !== name) throw new PaidError('forbidden', 'This is a session of another agent')
    return row
  }

  return {
    access,
    own,

    login: (
      database: Database,
      { name, expires_at: keyEnd, last_login: last }: KeyRow,
      scopes: string[],
      now: number,
    ) => {
      makeRoom(database, name, now, true)
      const number = Math.max(now, last + 1)
      database.query('UPDATE agent_keys SET last_login = ? WHERE name = +?').run(number, name)
      const id = `daemon_session_${name}_${number}`
      const expiresAt = Math.min(now + limits.agentSessionMs, keyEnd ?? Infinity)
      const refresh = tokens.sign({ orchestratorId: name, daemonId: id, type: 'refresh' }, expiresAt)
      const row: SessionRow = {
        ...rowOf({ name, type: 'daemon' }, now),
        id,
        expires_at: expiresAt,
        scopes: JSON.stringify(scopes),
        refresh_hash: hashOf(refresh),
      }
      putSession(database, row)
      return { ...access(row, now), refresh, session: row.id, scopes }
    },

    /** Throws `busy` when there are too many. */
    open: (database: Database, given: Given, now: number): AgentSession => {
      if (!makeRoom(database, given.name, now, false))
        throw new PaidError('busy', 'The agent has too many sessions', 'End some of them.')
      const row = rowOf(given, now)
      putSession(database, row)
      return shownSession(row)
    },

    heard: (database: Database, row: SessionRow, activity: AgentSession['activity'], now: number): void =>
      putSession(database, { ...row, heard_at: now, activity: activity ?? null }),

    change: (
      database: Database,
      name: string,
      id: string,
      { status, metadata, extend, activeAt }: Changes,
      now: number,
    ): AgentSession => {
      const row = own(database, name, id, now)
      // a login lasts as long as the token that renews it
      const isLogin = row.refresh_hash !== null
      const merged = metadata && JSON.stringify({ ...JSON.parse(row.metadata ?? '{}'), ...metadata })
      if (merged !== undefined && Buffer.byteLength(merged) > limits.agentDataBytes)
        throw new PaidError('bad_request', `metadata is more than ${limits.agentDataBytes} bytes as JSON`)
      const changed: SessionRow = {
        ...row,
        status: status ?? row.status,
        metadata: merged ?? row.metadata,
        active_at: activeAt ?? now,
        expires_at: extend && !isLogin ? now + limits.agentSessionMs : row.expires_at,
      }
      putSession(database, changed)
      return shownSession(changed)
    },
  }
}
