// Actions: what is stored by name, and the runs that have begun and have not ended.

import type { Database } from 'bun:sqlite'

export const actions = (database: Database): void => {
  database.run(`CREATE TABLE actions (
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    by TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, name)
  ) STRICT, WITHOUT ROWID`)
  // a process is named by its pid and by when it started, as its system tells it
  database.run(`CREATE TABLE action_runs (
    run TEXT PRIMARY KEY,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    by TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    pid INTEGER,
    process_start TEXT
  ) STRICT, WITHOUT ROWID`)
}
