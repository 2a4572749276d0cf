// Captured sessions, which no file holds: what they told is kept by the number of its event, so that nothing is kept twice.

import type { Database } from 'bun:sqlite'
import type { Answers } from './calls.ts'
import type { Ingest } from './ingest.ts'
import { seenAt, sessionBy } from './sessions.ts'

export const captureAnswers = (
  database: Database,
  ingest: Ingest,
  place: (id: string) => Promise<void>,
): Pick<Answers, 'captured' | 'capture'> => {
  /** a captured session is a source too; how far it was read is the number of an event */
  const sourceOf = (id: string): string => `capture:${id}`
  const takenOf = (id: string): number =>
    database
      .query<{ offset: number }, [string]>('SELECT offset FROM sources WHERE path = +?')
      .get(sourceOf(id))?.offset ?? 0

  return {
    captured: ({ sessions }) => ({
      behind: sessions
        .map(({ id, upTo }) => ({ id, after: takenOf(id), upTo }))
        .filter(({ after, upTo }) => after < upTo)
        .map(({ id, after }) => ({ id, after })),
    }),

    capture: async ({ session, told }) => {
      const { id, tool, folder, model, startedAt } = session
      const after = takenOf(id)
      const fresh = told.filter(({ seq }) => seq > after)
      const last = fresh.at(-1)
      if (last)
        ingest.lines(
          id,
          tool,
          fresh.map(({ line }) => line),
          (row) => {
            row.folder ??= folder ?? null
            row.model ??= model ?? null
            seenAt(row, startedAt)
            database
              .query(
                `INSERT INTO sources (path, session, offset) VALUES (?, ?, ?)
                 ON CONFLICT (path) DO UPDATE SET offset = excluded.offset`,
              )
              .run(sourceOf(id), row.number, last.seq)
          },
        )
      await place(id)
      const row = sessionBy(database, id)
      return { session: id, messages: row?.messages ?? 0, records: row?.records ?? 0, bytes: row?.bytes ?? 0 }
    },
  }
}
