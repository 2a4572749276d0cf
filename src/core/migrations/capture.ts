// Captured conversations that are active: what is not in their events. The messages are events of their channel.

import type { Database } from 'bun:sqlite'

export const capture = (database: Database): void => {
  // `save`: one that was begun, so that it can be done again as the same; `saved_seq`: the newest event that is in a file
  database.run(`CREATE TABLE captures (
    namespace TEXT NOT NULL,
    id TEXT NOT NULL,
    tool TEXT,
    metadata TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    started_seq INTEGER NOT NULL,
    saved_seq INTEGER NOT NULL,
    save TEXT,
    PRIMARY KEY (namespace, id)
  ) STRICT, WITHOUT ROWID`)
}
