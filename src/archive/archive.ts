// THE ARCHIVE, as it runs in the worker: every conversation kept, whatever its tool deletes (schema.ts says how).
//
// Promises: a line is kept once, however often and wherever it is met; ended at any moment, what was kept is whole, and
// reading goes on where it was. Long work gives others their turn after a few milliseconds: a live conversation and a
// search get in between the slices of an import. Contents of excluded files are never written.
// Refuses: to be written by two programs; the daemon of a home is the only one that opens it.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryOf } from '../lib/repository.ts'
import { excluding } from '../lib/exclude.ts'
import { commitAnswers } from './commits.ts'
import type { Answers, ArchiveSettings, CallName, Grown, Progress } from './calls.ts'
import { joinCleared } from './cleared.ts'
import { exportPiece } from './export.ts'
import { importFolder } from './import.ts'
import { createIngest, type Taken } from './ingest.ts'
import { createMessageReader, findSession, shownSession } from './read.ts'
import { openArchiveFile } from './schema.ts'
import { seenAt, sessionBy, sessionFor, type SessionRow, writeSession } from './sessions.ts'
import { verify } from './verify.ts'

export type Archive = {
  answer: (call: CallName, params: unknown) => Promise<unknown>
  close: () => void
}

/** messages of a page end early when they hold so much text */
const pageBytes = 4 * 1024 * 1024

/** files that are looked at before others have their turn */
const filesPerTurn = 50

type Stand = { path: string; offset: number; inode: number }

/** of the time that an import worked it rests so much: the processors and the disk are others' too */
const restShare = 0.5
const longestRestMs = 20

const createRest = () => {
  let since = performance.now()
  return async (): Promise<void> => {
    await Bun.sleep(Math.min(longestRestMs, (performance.now() - since) * restShare))
    since = performance.now()
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export const openArchive = (settings: ArchiveSettings, tell: (progress: Progress) => void): Archive => {
  const database = openArchiveFile(settings.path)
  const ingest = createIngest(database, excluding(settings.exclude))
  const reader = createMessageReader(database)
  const cancelled = new Set<string>()
  let closed = false

  /** files that are being read: a second reader of one waits for the first */
  const busy = new Map<string, Promise<void>>()
  const onFile = async (path: string, work: () => Promise<void>): Promise<void> => {
    const before = busy.get(path) ?? Promise.resolve()
    const mine = before.catch(() => {}).then(work)
    busy.set(path, mine)
    try {
      await mine
    } finally {
      if (busy.get(path) === mine) busy.delete(path)
    }
  }

  /** sessions whose repository was looked for in this life of the worker */
  const placed = new Set<string>()
  const place = async (id: string): Promise<void> => {
    if (closed) return
    const row = sessionBy(database, id)
    if (!row || row.folder === null || row.repository !== null || placed.has(id)) return
    placed.add(id)
    const repository = await repositoryOf(row.folder).catch(() => undefined)
    if (!repository || closed) return
    database
      .query('UPDATE sessions SET repository = ?, toplevel = ? WHERE number = +?')
      .run(repository.common, repository.toplevel, row.number)
  }

  const takeFile = (
    path: string,
    pause: () => Promise<boolean>,
    each: (taken: Taken) => void,
    held = false,
  ): Promise<void> =>
    onFile(path, async () => {
      const sessions = new Set<string>()
      const note = (taken: Taken): void => {
        if (taken.session !== undefined) sessions.add(taken.session)
        each(taken)
      }
      await ingest.file(path, pause, note, held)
      for (const id of sessions) await place(id)
    })

  /** Takes what these files grew by. One that is gone is passed over. */
  const takeAll = async (paths: Iterable<string>): Promise<{ sessions: Grown[] }> => {
    const grown = new Map<string, Grown>()
    const failures: unknown[] = []
    for (const path of new Set(paths)) {
      try {
        await takeFile(
          path,
          async () => {
            await turn()
            return !closed
          },
          ({ session, records }) => {
            if (session === undefined || records === 0) return
            grown.set(session, { session, messages: 0, records: 0, bytes: 0 })
          },
        )
      } catch (error) {
        if (!isGone(error)) failures.push(error)
      }
    }
    for (const each of grown.values()) {
      const row = sessionBy(database, each.session)
      if (row) Object.assign(each, { messages: row.messages, records: row.records, bytes: row.bytes })
    }
    // the others were taken
    if (failures.length > 0) throw failures[0]
    return { sessions: [...grown.values()] }
  }

  const answers: Answers = {
    ...commitAnswers(database, reader, turn),

    take: ({ paths }) => takeAll(paths.flatMap((path) => [path, ...agentsOf(path)])),

    retake: async () => {
      const known = database
        .query<Stand, []>("SELECT path, offset, inode FROM sources WHERE path LIKE '/%' ORDER BY id")
        .all()
      const grown: string[] = []
      for (const [at, source] of known.entries()) {
        const found = standOf(source.path)
        if (found && (found.size !== source.offset || found.ino !== source.inode)) grown.push(source.path)
        if (at % filesPerTurn === 0) await turn()
      }
      return takeAll(grown)
    },

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

    capture: async ({ session, from, lines }) => {
      const path = `capture:${session.id}`
      const source = database
        .query<{ offset: number }, [string]>('SELECT offset FROM sources WHERE path = +?')
        .get(path)
      const next = source?.offset ?? 0
      const fresh = lines.slice(Math.max(0, next - from))
      if (fresh.length === 0 || from > next) return { next }
      const row = sessionFor(database, session.id, session.tool)
      database.transaction(() => {
        row.folder ??= session.folder ?? null
        row.branch = session.branch ?? row.branch
        seenAt(row, session.startedAt)
        writeSession(database, row)
        database
          .query(
            `INSERT INTO sources (path, session, offset) VALUES (?, ?, ?)
             ON CONFLICT (path) DO UPDATE SET offset = excluded.offset`,
          )
          .run(path, row.number, next + fresh.length)
        ingest.lines(row, fresh)
      })()
      await place(session.id)
      return { next: next + fresh.length }
    },

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

    show: ({ id, after, limit }) => {
      const row = findSession(database, id)
      const rows = reader.page(row.number, after ?? 0, limit)
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

    verify: ({ after }) => verify(database, after ?? 0, turn),
  }

  return {
    answer: async (call, params) => {
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

/** Transcripts of a session's agents, which lie in a folder named like it. */
const agentsOf = (path: string): string[] => {
  const folder = join(path.replace(/\.jsonl$/, ''), 'subagents')
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.jsonl'))
      .map((entry) => join(entry.parentPath, entry.name))
  } catch {
    return []
  }
}

const standOf = (path: string): { size: number; ino: number } | undefined => {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES')
