// THE ARCHIVE, as it runs in the worker: every conversation kept, whatever its tool deletes (schema.ts says how).
//
// Promises: a line is kept once, however often and wherever it is met; ended at any moment, what was kept is whole, and
// reading goes on where it was. Long work gives others their turn after a few milliseconds: a live conversation and a
// search get in between the slices of an import. Contents of excluded files are never written.
// Refuses: to be written by two programs; the daemon of a home is the only one that opens it.

import { excludingNow } from '../lib/exclude.ts'
import type { Answers, ArchiveSettings, CallName, Progress } from './calls.ts'
import { captureAnswers } from './captured.ts'
import { changeAnswers } from './changes.ts'
import { joinCleared } from './cleared.ts'
import { commitAnswers } from './commits.ts'
import { importFolder } from './import.ts'
import { createIngest } from './ingest.ts'
import { createMessageReader } from './read.ts'
import { openArchiveFile } from './schema.ts'
import { searchAnswers } from './search.ts'
import { sessionFor } from './sessions.ts'
import { showAnswers } from './showing.ts'
import { agentsOf, createTaking } from './transcripts.ts'
import { createRest, turn } from './turn.ts'
import { verify } from './verify.ts'

export type Archive = {
  /** @param exclude patterns as they are now; from here on they count, also for what is under way */
  answer: (call: CallName, params: unknown, exclude: readonly string[]) => Promise<unknown>
  close: () => void
}

export const openArchive = (settings: ArchiveSettings, tell: (progress: Progress) => void): Archive => {
  const database = openArchiveFile(settings.path)
  let { exclude } = settings
  const isExcluded = excludingNow(() => exclude)
  const ingest = createIngest(database, isExcluded)
  const reader = createMessageReader(database)
  const cancelled = new Set<string>()
  let closed = false

  const { takeFile, takeAll, retake, place } = createTaking(database, ingest, () => !closed)

  const answers: Answers = {
    ...commitAnswers(database, reader, turn),
    ...searchAnswers(database, reader, turn),
    ...changeAnswers(database, reader, turn),
    ...showAnswers(database, reader),
    ...captureAnswers(database, ingest, place),

    take: ({ paths }) => takeAll(paths.flatMap((path) => [path, ...agentsOf(path)])),

    retake,

    import: async ({ folder, since, job }) => {
      const rest = createRest()
      try {
        return await importFolder({
          folder,
          since,
          job,
          ingest: (path, pause, each) => takeFile(path, pause, each, true),
          pause: async () => {
            await rest()
            return !closed && !cancelled.has(job)
          },
          tell,
          joined: (sessions, files) => {
            if (!closed) joinCleared(database, reader, sessions, files)
          },
        })
      } finally {
        cancelled.delete(job)
        if (!closed) ingest.settle()
      }
    },

    cancel: ({ job }) => {
      cancelled.add(job)
      return {}
    },

    link: ({ session, parent, kind }) => {
      if (session === parent) return {}
      const row = sessionFor(database, session, 'claude-code')
      database
        .query('UPDATE sessions SET parent = ?, parent_kind = ? WHERE number = +?')
        .run(parent, kind, row.number)
      return {}
    },

    verify: ({ after }) => verify(database, after ?? 0, turn),
  }

  return {
    answer: async (call, params, patterns) => {
      exclude = patterns
      // the client of calls.ts sends to each call what it declares
      const ask = answers[call] as (params: unknown) => unknown
      ingest.settle()
      return await ask(params)
    },
    close: () => {
      closed = true
      try {
        ingest.settle()
      } finally {
        database.close()
      }
    },
  }
}
