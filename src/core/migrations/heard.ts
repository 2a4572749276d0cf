// What waits for sessions that were started elsewhere: whole, as nobody else keeps it, and how far each message got.

import type { Database } from 'bun:sqlite'

export const heard = (database: Database): void => {
  // the number of its message.queued orders them; `given_*`: it was handed over, in the reply to the hook of that key
  for (const column of [
    'seq INTEGER',
    'at INTEGER',
    'by TEXT',
    'urgency TEXT',
    'text TEXT',
    'cause TEXT',
    'given_how TEXT',
    'given_at INTEGER',
    'given_key TEXT',
  ])
    database.run(`ALTER TABLE session_inbox ADD COLUMN ${column}`)
}
