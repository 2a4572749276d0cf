// What follows from events is written behind them: their index is a table of its own, and a room may keep beside an
// event what it needs to make up its own rows. Leases are ordered in memory.

import type { Database } from 'bun:sqlite'

export const following = (database: Database): void => {
  database.run('DROP INDEX events_stream')
  database.run(`CREATE TABLE stream_events (
    stream INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (stream, seq)
  ) STRICT, WITHOUT ROWID`)
  database.run('INSERT INTO stream_events SELECT stream, seq FROM events ORDER BY stream, seq')
  database.run('ALTER TABLE events ADD COLUMN own TEXT')
  database.run('DROP INDEX locks_deadline')
  database.run('DROP INDEX locks_connection')
}
