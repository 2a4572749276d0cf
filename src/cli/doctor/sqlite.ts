// Looking into a file of SQLite so that it leaves no trace, whoever else has it open.

import { statSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { constants, Database } from 'bun:sqlite'

/**
 * A file that was closed whole is opened as one that nobody changes, which makes no files beside it; with a write-ahead
 * log of a daemon that runs, or died, its files are there already.
 */
export const openUntraced = (path: string): Database => {
  const waiting = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  const { SQLITE_OPEN_READONLY, SQLITE_OPEN_URI } = constants
  return new Database(
    `${pathToFileURL(path).href}${waiting > 0 ? '' : '?immutable=1'}`,
    SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
  )
}

/** What SQLite's own quick check finds wrong, in all of it or in these tables; nothing when it is whole. */
export const damageIn = (database: Database, tables?: readonly string[]): string[] =>
  (tables?.map((table) => `quick_check(${table})`) ?? ['quick_check(3)'])
    .flatMap((check) => database.query<{ quick_check: string }, []>(`PRAGMA ${check}`).all())
    .map((row) => row.quick_check)
    .filter((line) => line !== 'ok')
    .slice(0, 3)
