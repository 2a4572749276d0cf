// Keys, the agents that come with them, their sessions, and which events each has acknowledged. Of keys, secrets and
// tokens only hashes are here; what tokens are signed with is a row of `meta`.

import type { Database } from 'bun:sqlite'
import { randomBytes } from 'node:crypto'

/** name of the row of `meta` */
export const tokenSecret = 'token_secret'

export const agents = (database: Database): void => {
  // `last_login`: the number in the id of its last login; none is given twice, also when the clock goes back
  database.run(`CREATE TABLE agent_keys (
    name TEXT PRIMARY KEY,
    key_hash TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    scopes TEXT NOT NULL,
    organization TEXT,
    by TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_login INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`)
  database.run(`CREATE TABLE agents (
    name TEXT PRIMARY KEY,
    presence TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    organization TEXT,
    instance TEXT,
    registered_at INTEGER,
    heard_at INTEGER,
    metrics TEXT,
    state TEXT,
    message TEXT,
    reported_at INTEGER
  ) STRICT, WITHOUT ROWID`)
  // one with a `refresh_hash` is a login: tokens are of it, and last as long as it does
  database.run(`CREATE TABLE agent_sessions (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    active_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    metadata TEXT,
    heard_at INTEGER,
    activity TEXT,
    scopes TEXT,
    refresh_hash TEXT
  ) STRICT, WITHOUT ROWID`)
  database.run('CREATE INDEX agent_sessions_name ON agent_sessions (name, created_at)')
  database.run(`CREATE TABLE agent_acknowledged (
    name TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (name, seq)
  ) STRICT, WITHOUT ROWID`)
  database.query('INSERT INTO meta VALUES (?, ?)').run(tokenSecret, randomBytes(32).toString('hex'))
}
