// Sessions that no file holds: what a tool told of them, message by message. Each is a source as a file is one; how far
// it was read is the number of its last event, kept together with what was read.

import type { Database } from 'bun:sqlite'
import type { Answers } from './calls.ts'
import type { Ingest } from './ingest.ts'
import { seenAt, sessionBy } from './sessions.ts'

const sourceOf = (id: string): string => `capture:${id}`

/** @param place looks for the repository of a session */
export const capturedAnswers = (
  database: Database,
  ingest: Ingest,
  place: (id: string) => Promise<void>,
): Pick<Answers, 'captured' | 'capture'> => {
  const offset = database.query<{ offset: number }, [string]>('SELECT offset FROM sources WHERE path = +?')
  const setOffset = database.query(
    `INSERT INTO sources (path, session, offset) VALUES (?, ?, ?)
     ON CONFLICT (path) DO UPDATE SET offset = excluded.offset`,
  )
  const takenOf = (id: string): number => offset.get(sourceOf(id))?.offset ?? 0

  return {
    captured: ({ sessions }) => ({
      behind: sessions
        .map(({ id, upTo }) => ({ id, upTo, after: takenOf(id) }))
        .filter(({ after, upTo }) => after < upTo)
        .map(({ id, after }) => ({ id, after })),
    }),

    capture: async ({ session, told }) => {
      const { id, tool, folder, model, startedAt } = session
      const after = takenOf(id)
      const fresh = told.filter(({ seq }) => seq > after)
      const last = fresh.at(-1)
      if (last) {
        const lines = fresh.map(({ line }) => line)
        ingest.lines(id, tool, lines, (row) => {
          row.folder ??= folder ?? null
          row.model ??= model ?? null
          seenAt(row, startedAt)
          setOffset.run(sourceOf(id), row.number, last.seq)
        })
        await place(id)
      }
      const row = sessionBy(database, id)
      return { session: id, messages: row?.messages ?? 0, records: row?.records ?? 0, bytes: row?.bytes ?? 0 }
    },
  }
}
