// What is kept, shown: sessions page by page, the messages of one, and one as a document.

import type { Database } from 'bun:sqlite'
import type { Answers } from './calls.ts'
import { exportPiece } from './export.ts'
import { findSession, type MessageReader, shownSession } from './read.ts'
import type { SessionRow } from './sessions.ts'

/** messages of a page end early when they hold so much text */
const pageBytes = 4 * 1024 * 1024

export const showAnswers = (
  database: Database,
  reader: MessageReader,
): Pick<Answers, 'sessions' | 'session' | 'show' | 'export'> => ({
  sessions: ({ limit, before }) => {
    const rows = database
      .query<SessionRow, [number, number]>(
        'SELECT * FROM sessions WHERE last_at < +? AND records > 0 ORDER BY last_at DESC LIMIT ?',
      )
      .all(before ?? Number.MAX_SAFE_INTEGER, limit)
    const last = rows.at(-1)
    return {
      sessions: rows.map(shownSession),
      ...(rows.length === limit && last?.last_at != null && { next: last.last_at }),
    }
  },

  session: ({ id }) => ({ session: shownSession(findSession(database, id)) }),

  show: ({ id, after, limit, talk }) => {
    const row = findSession(database, id)
    const rows = reader.page(row.number, after ?? 0, limit, talk)
    const messages = []
    let bytes = 0
    for (const each of rows) {
      messages.push(...reader.messages([each]))
      bytes += messages.at(-1)?.text.length ?? 0
      if (bytes > pageBytes) break
    }
    const last = messages.at(-1)
    const more = last !== undefined && (messages.length < rows.length || rows.length === limit)
    return { session: shownSession(row), messages, ...(more && { next: last.id }) }
  },

  export: ({ id, format, after }) =>
    exportPiece({ database, reader, session: findSession(database, id), format, after }),
})
