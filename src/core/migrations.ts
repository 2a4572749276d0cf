// The schema, one numbered step after the other; a step never changes once it was released.
//
// A *stream* is all events of one type on one channel of one namespace. Each event row names its stream by number, so
// one small index (stream, seq) serves every filter, and the stream's row keeps the counts that totals are read from.

import type { Database } from 'bun:sqlite'
import { actions } from './migrations/actions.ts'
import { agents } from './migrations/agents.ts'
import { capture } from './migrations/capture.ts'
import { commits } from './migrations/commits.ts'
import { conversations } from './migrations/conversations.ts'
import { following } from './migrations/following.ts'
import { guards } from './migrations/guards.ts'
import { heard } from './migrations/heard.ts'
import { jobs } from './migrations/jobs.ts'
import { managed } from './migrations/managed.ts'
import { webhooks } from './migrations/webhooks.ts'
import { rules } from './migrations/rules.ts'

export const migrations: readonly ((database: Database) => void)[] = [
  function log(database) {
    database.run('CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID')
    database.run(`CREATE TABLE streams (
      id INTEGER PRIMARY KEY,
      namespace TEXT NOT NULL,
      channel TEXT NOT NULL,
      type TEXT NOT NULL,
      reserved INTEGER NOT NULL,
      events INTEGER NOT NULL,
      last_seq INTEGER NOT NULL
    ) STRICT`)
    database.run('CREATE UNIQUE INDEX streams_channel ON streams (namespace, channel, type)')
    database.run('CREATE INDEX streams_type ON streams (namespace, type, last_seq)')
    database.run(`CREATE TABLE events (
      seq INTEGER PRIMARY KEY,
      stream INTEGER NOT NULL,
      namespace TEXT NOT NULL,
      at INTEGER NOT NULL,
      occurred_at INTEGER,
      by TEXT NOT NULL,
      key TEXT,
      origin TEXT,
      data TEXT NOT NULL
    ) STRICT`)
    database.run('CREATE INDEX events_stream ON events (stream, seq)')
    database.run('CREATE UNIQUE INDEX events_key ON events (namespace, key) WHERE key IS NOT NULL')
    const meta = database.prepare('INSERT INTO meta VALUES (?, ?)')
    meta.run('log_id', crypto.randomUUID())
    meta.run('epoch', '1')
  },

  function sessions(database) {
    database.run(`CREATE TABLE sessions (
      namespace TEXT NOT NULL,
      id TEXT NOT NULL,
      folder TEXT,
      title TEXT,
      events INTEGER NOT NULL,
      first_seq INTEGER NOT NULL,
      first_at INTEGER NOT NULL,
      last_seq INTEGER NOT NULL,
      last_at INTEGER NOT NULL,
      last_type TEXT NOT NULL,
      PRIMARY KEY (namespace, id)
    ) STRICT, WITHOUT ROWID`)
    database.run(`CREATE TABLE counters (
      namespace TEXT NOT NULL,
      name TEXT NOT NULL,
      value INTEGER NOT NULL,
      PRIMARY KEY (namespace, name)
    ) STRICT, WITHOUT ROWID`)
    // what a log of the first version already holds; folder and title fill in with the next events
    database.run(`INSERT INTO sessions
      SELECT c.namespace, substr(c.channel, 9), NULL, NULL, c.events,
        c.first, (SELECT at FROM events WHERE seq = c.first),
        c.last, (SELECT at FROM events WHERE seq = c.last),
        (SELECT type FROM streams WHERE id = (SELECT stream FROM events WHERE seq = c.last))
      FROM (
        SELECT namespace, channel, sum(events) AS events, max(last_seq) AS last,
          min((SELECT min(seq) FROM events WHERE stream = streams.id)) AS first
        FROM streams WHERE channel GLOB 'session:*' GROUP BY namespace, channel
      ) c`)
    const posted = 'FROM streams WHERE reserved = 0 GROUP BY namespace'
    database.run(`INSERT INTO counters SELECT namespace, 'events', sum(events) ${posted}`)
    database.run(`INSERT INTO counters SELECT namespace, 'type:' || type, sum(events) ${posted}, type`)
    database.run(
      "INSERT INTO counters SELECT namespace, 'sessions', count(*) FROM sessions GROUP BY namespace",
    )
  },

  function locks(database) {
    // `deadline` counts by the steady clock of `boot`, `expires_at` by the wall clock
    database.run(`CREATE TABLE locks (
      namespace TEXT NOT NULL,
      name TEXT NOT NULL,
      holder TEXT NOT NULL,
      token INTEGER NOT NULL,
      acquired_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      ttl_ms INTEGER NOT NULL,
      deadline INTEGER NOT NULL,
      boot TEXT NOT NULL,
      note TEXT,
      by TEXT NOT NULL,
      connection TEXT,
      PRIMARY KEY (namespace, name)
    ) STRICT, WITHOUT ROWID`)
    database.run('CREATE INDEX locks_deadline ON locks (deadline)')
    database.run('CREATE INDEX locks_connection ON locks (connection) WHERE connection IS NOT NULL')
  },

  actions,
  jobs,
  webhooks,
  rules,
  capture,
  commits,
  following,
  managed,
  agents,
  heard,
  conversations,
  guards,
]
