// Sessions that were spawned here: what each is, and what was said to it that it has not seen yet.

import type { Database } from 'bun:sqlite'

export const managed = (database: Database): void => {
  // a process is named by its pid and by when it started, as its system tells it
  database.run(`CREATE TABLE managed_sessions (
    namespace TEXT NOT NULL,
    id TEXT NOT NULL,
    status TEXT NOT NULL,
    directory TEXT NOT NULL,
    title TEXT,
    model TEXT,
    permission_mode TEXT,
    budget_usd REAL,
    alias TEXT,
    labels TEXT,
    by TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    turns INTEGER NOT NULL,
    failed_turns INTEGER NOT NULL,
    busy_ms INTEGER NOT NULL,
    tokens TEXT NOT NULL,
    cost_usd REAL NOT NULL,
    error TEXT,
    pid INTEGER,
    process_start TEXT,
    PRIMARY KEY (namespace, id)
  ) STRICT, WITHOUT ROWID`)
  database.run(
    'CREATE UNIQUE INDEX managed_sessions_alias ON managed_sessions (namespace, alias) WHERE alias IS NOT NULL',
  )
  database.run(`CREATE INDEX managed_sessions_running ON managed_sessions (status)
    WHERE status IN ('initializing', 'running', 'waiting', 'idle')`)
  database.run(`CREATE TABLE session_inbox (
    namespace TEXT NOT NULL,
    id TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (namespace, id, message)
  ) STRICT, WITHOUT ROWID`)
}
