// Rules, and under them the consumers: how far each has come in the log, and what it set aside.

import type { Database } from 'bun:sqlite'

export const rules = (database: Database): void => {
  // `cursor`: the last event that is dealt with; `failing`: the one that was tried in vain since, so many times
  database.run(`CREATE TABLE consumers (
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    cursor INTEGER NOT NULL,
    handled INTEGER NOT NULL DEFAULT 0,
    success_seq INTEGER,
    success_at INTEGER,
    failing INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    failure_seq INTEGER,
    failure_at INTEGER,
    failure TEXT,
    PRIMARY KEY (namespace, name)
  ) STRICT, WITHOUT ROWID`)
  database.run(`CREATE TABLE set_aside (
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    failure TEXT NOT NULL,
    PRIMARY KEY (namespace, name, seq)
  ) STRICT, WITHOUT ROWID`)
  database.run(`CREATE TABLE rules (
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    paused INTEGER NOT NULL,
    by TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, name)
  ) STRICT, WITHOUT ROWID`)
}
