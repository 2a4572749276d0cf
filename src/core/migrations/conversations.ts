// Conversations that `/clear` began in sessions that were spawned here: each leads to its session.

import type { Database } from 'bun:sqlite'

export const conversations = (database: Database): void => {
  database.run('ALTER TABLE managed_sessions ADD COLUMN conversation TEXT')
  database.run(`CREATE TABLE session_conversations (
    namespace TEXT NOT NULL,
    conversation TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (namespace, conversation)
  ) STRICT, WITHOUT ROWID`)
}
