// The worker thread: whatever is unbounded runs here, on connections of its own, so that no hook ever waits for it.
// Asked `{kind: 'check', database}`, it answers `{kind: 'check', damage: string[]}`, empty when the file is whole.
// Asked for something of the archive (archive/calls.ts), it opens it, and keeps it open until it is told to close.

import { Database } from 'bun:sqlite'
import { type Archive, openArchive } from './archive/archive.ts'
import type { ArchiveReply, ArchiveRequest } from './archive/calls.ts'
import { isStorageError } from './core/storage-error.ts'
import { giveWay } from './archive/priority.ts'
import { PaidError } from './protocol/error.ts'

export type WorkerRequest = { kind: 'check'; database: string } | ArchiveRequest | { kind: 'close' }
export type WorkerReply = { kind: 'check'; damage: string[] } | ArchiveReply | { kind: 'closed' }

declare const self: Worker

/** how much nicer it is than the daemon's own thread */
const niceness = 10

let archive: Archive | undefined

const say = (reply: WorkerReply): void => self.postMessage(reply)

self.addEventListener('message', ({ data }: MessageEvent<WorkerRequest>): void => {
  if (data.kind === 'check') say({ kind: 'check', damage: check(data.database) })
  else if (data.kind === 'archive') void answer(data)
  else {
    archive?.close()
    archive = undefined
    say({ kind: 'closed' })
  }
})

const answer = async ({ id, settings, call, params }: ArchiveRequest): Promise<void> => {
  try {
    if (!archive) giveWay(niceness)
    archive ??= openArchive(settings, (progress) => say({ kind: 'progress', progress }))
    say({ kind: 'archive', id, result: await archive.answer(call, params, settings.exclude) })
  } catch (error) {
    const known = error instanceof PaidError ? error : isStorageError(error) ? unwritable(error) : undefined
    const told = known?.toJSON() ?? String(error instanceof Error ? error.stack : error)
    say({ kind: 'archive', id, error: told })
  }
}

const unwritable = (error: unknown): PaidError =>
  new PaidError(
    'storage_full',
    `The archive cannot be used (${error instanceof Error ? error.message : String(error)})`,
    'Free disk space. If archive.db is damaged, stop the daemon, move it away, and run `paid import`.',
  )

const check = (path: string): string[] => {
  try {
    using database = new Database(path, { readonly: true })
    database.run('PRAGMA busy_timeout = 5000')
    const rows = database.query<{ quick_check: string }, []>('PRAGMA quick_check(10)').all()
    return rows.map((row) => row.quick_check).filter((line) => line !== 'ok')
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}
