// Taking in every transcript under a folder, oldest first. What was read before is not read again, so an import that
// was ended goes on when it is run once more, and one that was not adds nothing.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isStorageError } from '../core/storage-error.ts'
import type { ImportTotals } from '../protocol/archive.ts'
import type { Progress } from './calls.ts'
import type { Left } from './cleared.ts'
import type { Ingest } from './ingest.ts'

/** places of bad lines that the answer names */
const placesTold = 20
const progressEveryMs = 100

type Found = { path: string; size: number; modifiedAt: number; bornAt: number }

/** Every `.jsonl` below, whatever cannot be looked into left out. */
const transcriptsIn = (
  folder: string,
): { files: Found[]; unreadable: { path: string; reason: string }[] } => {
  const files: Found[] = []
  const unreadable: { path: string; reason: string }[] = []
  const look = (path: string): void => {
    try {
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        const inner = join(path, entry.name)
        if (entry.isDirectory()) look(inner)
        else if (entry.isFile() && entry.name.endsWith('.jsonl')) {
          const { size, mtimeMs, birthtimeMs } = statSync(inner)
          files.push({ path: inner, size, modifiedAt: mtimeMs, bornAt: birthtimeMs })
        }
      }
    } catch (error) {
      unreadable.push({ path, reason: reasonOf(error) })
    }
  }
  look(folder)
  // a fork is younger than what it was forked from
  files.sort((a, b) => a.bornAt - b.bornAt || a.modifiedAt - b.modifiedAt || (a.path < b.path ? -1 : 1))
  return { files, unreadable }
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** @param pause gives others their turn; false ends the import */
export const importFolder = async ({
  folder,
  since = 0,
  job,
  ingest,
  pause,
  tell,
  joined,
}: {
  folder: string
  since?: number | undefined
  job: string
  ingest: (path: string, pause: () => Promise<boolean>, each: Parameters<Ingest['file']>[2]) => Promise<void>
  pause: () => Promise<boolean>
  tell: (progress: Progress) => void
  /** gets the sessions of which something new was kept, and all files there are */
  joined: (sessions: ReadonlySet<string>, files: readonly Left[]) => void
}): Promise<ImportTotals> => {
  const { files: found, unreadable } = transcriptsIn(folder)
  const files = found.filter((file) => file.modifiedAt > since)
  const totals: ImportTotals = {
    files: files.length,
    sessions: 0,
    records: 0,
    messages: 0,
    bytes: 0,
    bad: {},
    badPlaces: [],
    unreadable,
    cancelled: false,
  }
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  const sessions = new Set<string>()
  let filesDone = 0
  let bytesDone = 0
  let bad = 0
  let toldAt = 0
  const report = (): void => {
    toldAt = performance.now()
    tell({ job, files: files.length, filesDone, bytes, bytesDone, messages: totals.messages, bad })
  }
  report()
  for (const { path, size } of files) {
    const before = bytesDone
    try {
      await ingest(path, pause, (taken) => {
        if (taken.session !== undefined && taken.records > 0) sessions.add(taken.session)
        totals.records += taken.records
        totals.messages += taken.messages
        totals.bytes += taken.bytes
        bytesDone += taken.bytes
        for (const place of taken.bad) {
          bad++
          totals.bad[place.reason] = (totals.bad[place.reason] ?? 0) + 1
          if (totals.badPlaces.length < placesTold) totals.badPlaces.push(place)
        }
        if (performance.now() - toldAt > progressEveryMs) report()
      })
    } catch (error) {
      // not the file's fault, nor would the next one fare better
      if (isStorageError(error)) throw error
      unreadable.push({ path, reason: reasonOf(error) })
    }
    filesDone++
    bytesDone = before + size
    if (performance.now() - toldAt > progressEveryMs) report()
    if (!(await pause())) {
      totals.cancelled = true
      break
    }
  }
  totals.sessions = sessions.size
  joined(sessions, found)
  report()
  return totals
}
