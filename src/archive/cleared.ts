// `/clear` in transcripts that no hook told of: the new session begins with the command, and the tool wrote its last word
// into the old one's file at that moment. Where one file alone of the same folder was left then, the two belong together.

import type { Database } from 'bun:sqlite'
import { basename, dirname } from 'node:path'
import type { MessageReader } from './read.ts'
import { sessionBy } from './sessions.ts'

/** the command stands among the first messages of its session */
const firstMessages = 4
/** between the command and the last word in the old file */
const withinMs = 5000

export type Left = { path: string; modifiedAt: number }

/** Names the parent of each of these sessions that has none yet and began with `/clear`. */
export const joinCleared = (
  database: Database,
  reader: MessageReader,
  sessions: Iterable<string>,
  files: readonly Left[],
): void => {
  for (const id of sessions) {
    const row = sessionBy(database, id)
    if (!row || row.parent !== null) continue
    const rows = reader.page(row.number, 0, firstMessages)
    if (!rows.some(({ kind }) => kind === 'note')) continue
    const command = reader.messages(rows).find(({ kind, text }) => kind === 'note' && text === '/clear')
    const path = database
      .query<{ path: string }, [number]>(
        'SELECT path FROM sources WHERE session = +? AND agent IS NULL LIMIT 1',
      )
      .get(row.number)?.path
    if (!command || path === undefined) continue
    const [left, another] = files.filter(
      (file) =>
        file.path !== path &&
        dirname(file.path) === dirname(path) &&
        Math.abs(file.modifiedAt - command.at) <= withinMs,
    )
    const parent = left && !another ? sessionBy(database, basename(left.path, '.jsonl')) : undefined
    if (!parent || (parent.last_at ?? 0) > command.at + withinMs) continue
    database
      .query("UPDATE sessions SET parent = ?, parent_kind = 'clear' WHERE number = +?")
      .run(parent.id, row.number)
  }
}
