// The SQLite files: how they are opened, and how their schema grows. One writer connection on the main thread, one
// read-only connection beside it; whatever is unbounded opens its own in the worker. WAL with synchronous=FULL: a
// COMMIT that returned is on disk. No mmap. Schema changes only by numbered migrations, all that are missing in one transaction.

import { statSync } from 'node:fs'
import { Database } from 'bun:sqlite'
import { PaidError } from '../protocol/error.ts'
import { migrations } from './migrations.ts'
import { isStorageError } from './storage-error.ts'

const cacheKiB = 16 * 1024

/**
 * Pages in the write-ahead log before they are copied back and its file is written from its beginning again: a COMMIT
 * into a file that need not grow is the faster one, so it should not be long until then.
 */
const checkpointPages = 1000

/** How long everybody waits when another program holds the database for writing; then the writes are refused. */
const foreignLockMs = 100

/** The writing connection, migrated to this program's schema. Throws `incompatible` for a newer schema. */
export const openDatabase = (path: string): Database => {
  const database = new Database(path, { create: true, strict: true })
  try {
    database.run('PRAGMA busy_timeout = 5000')
    refuseNewer(database)
    database.run('PRAGMA auto_vacuum = INCREMENTAL')
    database.run('PRAGMA journal_mode = WAL')
    database.run('PRAGMA synchronous = FULL')
    database.run(`PRAGMA cache_size = -${cacheKiB}`)
    database.run('PRAGMA mmap_size = 0')
    database.run(`PRAGMA wal_autocheckpoint = ${checkpointPages}`)
    migrate(database)
    database.run(`PRAGMA busy_timeout = ${foreignLockMs}`)
    return database
  } catch (error) {
    database.close()
    throw isStorageError(error) ? cannotWrite(path, error) : error
  }
}

const cannotWrite = (path: string, error: unknown): PaidError =>
  new PaidError(
    'storage_full',
    `${path} cannot be written (${error instanceof Error ? error.message : String(error)})`,
    'Free disk space, or look who holds the file: `paid doctor`.',
  )

/** A second connection that only reads: its queries see the last COMMIT and never wait for the writer. */
export const openReader = (path: string): Database => {
  const reader = new Database(path, { readonly: true, strict: true })
  reader.run('PRAGMA busy_timeout = 5000')
  reader.run(`PRAGMA cache_size = -${cacheKiB}`)
  reader.run('PRAGMA mmap_size = 0')
  return reader
}

export const schemaVersion = (database: Database): number =>
  database.query<{ user_version: number }, []>('PRAGMA user_version').get()?.user_version ?? 0

/** Before anything is set: a journal mode would stay in the file. */
const refuseNewer = (database: Database): void => {
  const found = schemaVersion(database)
  if (found <= migrations.length) return
  throw new PaidError(
    'incompatible',
    `The database has schema ${found}; this paid knows schema ${migrations.length}`,
    'Use the newer binary that wrote it, or another PAID_HOME. Nothing was changed.',
  )
}

/** All that is missing in one transaction: one COMMIT to wait for, and a step that fails leaves the database what it was. */
const migrate = (database: Database): void => {
  const found = schemaVersion(database)
  if (found === migrations.length) return
  database.transaction(() => {
    for (const up of migrations.slice(found)) up(database)
    database.run(`PRAGMA user_version = ${migrations.length}`)
  })()
}

/** Marks the database as in use; true when the run before did not end cleanly. */
export const beginRun = (database: Database): boolean => {
  const row = database.query<{ value: string }, []>("SELECT value FROM meta WHERE name = 'run'").get()
  const noted = note(database, 'running')
  return row?.value === 'running' || !noted
}

/** Notes how the run stands; false on a disk that cannot be written, which the log says and survives. */
const note = (database: Database, state: 'running' | 'ended'): boolean => {
  try {
    database.run("INSERT INTO meta VALUES ('run', ?) ON CONFLICT DO UPDATE SET value = excluded.value", [
      state,
    ])
    return true
  } catch (error) {
    if (!isStorageError(error)) throw error
    return false
  }
}

/** The log was closed whole. On a disk that cannot be written the next start looks the file over, and that is all. */
export const endRun = (database: Database): void => {
  note(database, 'ended')
}

/** Which log this is: a restore keeps the id and adds one to the epoch. */
export const identityOf = (reader: Database): { id: string; epoch: number } => {
  const rows = reader
    .query<{ name: string; value: string }, []>(
      "SELECT name, value FROM meta WHERE name IN ('log_id', 'epoch')",
    )
    .all()
  const value = (name: string) => rows.find((row) => row.name === name)?.value ?? ''
  return { id: value('log_id'), epoch: Number(value('epoch')) }
}

/** Bytes on disk, with what waits in the write-ahead log. */
export const bytesOf = (database: string): number =>
  ['', '-wal'].reduce(
    (sum, part) => sum + (statSync(`${database}${part}`, { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
