// Transcripts, file by file: what each grew by is taken in, by one at a time, and its session is placed in a repository.

import type { Database } from 'bun:sqlite'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryOf } from '../lib/repository.ts'
import type { Grown } from './calls.ts'
import type { Ingest, Taken } from './ingest.ts'
import { sessionBy } from './sessions.ts'
import { turn } from './turn.ts'

/** files that are looked at before others have their turn */
const filesPerTurn = 50

type Stand = { path: string; offset: number; inode: number }

export type Taking = ReturnType<typeof createTaking>

/** @param isOpen false when the archive is closed: then nothing more is read or written */
export const createTaking = (database: Database, ingest: Ingest, isOpen: () => boolean) => {
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
    if (!isOpen()) return
    const row = sessionBy(database, id)
    if (!row || row.folder === null || row.repository !== null || placed.has(id)) return
    placed.add(id)
    const repository = await repositoryOf(row.folder).catch(() => undefined)
    if (!repository || !isOpen()) return
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
            return isOpen()
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

  /** Looks at every file that was read before. */
  const retake = async (): Promise<{ sessions: Grown[] }> => {
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
  }

  return { takeFile, takeAll, retake, place }
}

/** Transcripts of a session's agents, which lie in a folder named like it. */
export const agentsOf = (path: string): string[] => {
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
