// A kept session as it leaves the archive for a file: what people and the model said, the files that were changed, and
// no secret. Each part is redacted as a whole, before anything of it is cut.

import type { Database } from 'bun:sqlite'
import type { Conversation } from '../lib/prompt-document.ts'
import { redact } from '../lib/redact.ts'
import { idsPerMs } from './messages.ts'
import type { MessageReader } from './read.ts'
import { createRealPaths } from './real-paths.ts'
import { type MessageRow, messageColumns } from './schema.ts'
import { sessionBy } from './sessions.ts'

const pageMessages = 500

/** Gives back what was said in a session until then; undefined for one that is not kept. */
export const createConversations = (
  database: Database,
  reader: MessageReader,
  turn: () => Promise<void>,
): ((id: string, until: number, folders: readonly string[]) => Promise<Conversation | undefined>) => {
  const after = database.query<MessageRow, [number, number, number]>(
    `SELECT ${messageColumns} FROM messages WHERE session = +? AND id > +? ORDER BY id LIMIT ?`,
  )

  return async (id: string, until: number, folders: readonly string[]): Promise<Conversation | undefined> => {
    const row = sessionBy(database, id)
    if (!row) return undefined
    const messages: { role: string; content: string }[] = []
    for (let last = 0; ;) {
      const rows = after
        .all(row.number, last, pageMessages)
        .filter((each) => each.id < (until + 1) * idsPerMs)
      const own = rows.filter(({ kind, agent }) => (kind === 'prompt' || kind === 'answer') && agent === null)
      for (const { kind, text } of reader.messages(own))
        messages.push({ role: kind === 'prompt' ? 'user' : 'assistant', content: redact(text).text })
      if (rows.length < pageMessages) break
      last = rows.at(-1)?.id ?? Number.MAX_SAFE_INTEGER
      await turn()
    }
    const realOf = createRealPaths()
    const files = database
      .query<{ path: string }, [number, number]>(
        'SELECT path FROM changes WHERE session = +? AND at <= +? ORDER BY at, id',
      )
      .all(row.number, until)
      .flatMap(({ path }) => redactedIn(folders, realOf(path)))
    return {
      id,
      tool: redact(row.tool).text,
      startedAt: row.first_at ?? until,
      messages,
      files,
      metadata: { ...(row.model !== null && { model: redact(row.model).text }) },
    }
  }
}

/** Named from the folder it lies in; a file of another place is none of the repository's. */
const redactedIn = (folders: readonly string[], path: string): string[] => {
  const folder = folders.find((each) => path.startsWith(`${each}/`))
  return folder === undefined ? [] : [redact(path.slice(folder.length + 1)).text]
}
