// Guards: which files are not to be touched without which lock.

import type { Database } from 'bun:sqlite'

export const guards = (database: Database): void => {
  database.run(`CREATE TABLE guards (
    namespace TEXT NOT NULL,
    pattern TEXT NOT NULL,
    lock TEXT NOT NULL,
    wait_ms INTEGER NOT NULL,
    when_down TEXT NOT NULL,
    by TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, pattern)
  ) STRICT, WITHOUT ROWID`)
}
