// A session's conversations: `/clear` ends one and begins another in the same process, under another id of Claude's own.
// The session keeps its id; what is asked of the others is asked of it.

import type { Database } from 'bun:sqlite'
import type { Told } from './told.ts'
import type { Managed } from './rows.ts'

const insert = 'INSERT OR REPLACE INTO session_conversations VALUES (?, ?, ?)'
const owner = 'SELECT id FROM session_conversations WHERE namespace = +? AND conversation = +?'

export const conversations = {
  /** The session is in it from now on: what is told, and what is kept with that. */
  begin: (of: Managed, conversation: string): [told: Told[], more: (database: Database) => void] => {
    const before = of.conversation ?? of.id
    of.conversation = conversation
    return [
      [{ type: 'session.cleared', data: { conversation, before } }],
      (database) => database.query(insert).run(of.namespace, conversation, of.id),
    ]
  },

  /** The session that it is one of, if `/clear` began it. */
  sessionOf: (reader: Database, namespace: string, conversation: string): string | undefined =>
    reader.query<{ id: string }, [string, string]>(owner).get(namespace, conversation)?.id,
}
