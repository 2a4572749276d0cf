// The tables of webhooks: one row for each webhook, with its secrets, and one for each delivery that ran an action, under
// the number of its `webhook.received`. What was sent is in the events; a delivery's once-only id is the key of that one.

import type { Database } from 'bun:sqlite'

export const webhooks = (database: Database): void => {
  database.run(`CREATE TABLE webhooks (
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    scheme TEXT NOT NULL,
    secret TEXT NOT NULL,
    previous TEXT,
    previous_until INTEGER,
    action TEXT,
    channel TEXT,
    tolerance_ms INTEGER NOT NULL,
    async INTEGER NOT NULL,
    allow TEXT NOT NULL,
    by TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, name)
  ) STRICT, WITHOUT ROWID`)
  // `answer`: what a sender that delivers it again is told; none while nobody was told anything
  database.run(`CREATE TABLE deliveries (
    seq INTEGER PRIMARY KEY,
    delivery TEXT NOT NULL,
    state TEXT NOT NULL,
    status INTEGER,
    answer TEXT,
    runs TEXT NOT NULL
  ) STRICT`)
  database.run("CREATE INDEX deliveries_running ON deliveries (seq) WHERE state = 'running'")
}
