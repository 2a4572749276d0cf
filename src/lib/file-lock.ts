// A lock between processes that dies with its process, also by SIGKILL and power cut: an exclusive SQLite transaction
// on a small file of its own. No pid is written, so a recycled pid means nothing.
// It refuses a path that is not a plain file of this user: a symlink there would let the lock be taken elsewhere.
// Never open the lock file by other means in the process that holds it: closing it would drop the lock (POSIX).

import { Database, SQLiteError } from 'bun:sqlite'
import { closeSync, constants, lstatSync, openSync, unlinkSync } from 'node:fs'
import { ownPlace } from './own-place.ts'

/** Two who ask in the same moment may both be refused for that moment, and a probe holds a shared lock for one; wait that out. */
const contentionMs = 250

/**
 * Takes the lock until disposed of; undefined when another process has it. Throws for a path that is not ours.
 * @param waitMs nothing else is done meanwhile
 */
export const acquireFileLock = (path: string, waitMs = contentionMs): Disposable | undefined => {
  createPlainFile(path)
  const database = new Database(path, { readwrite: true, create: false })
  try {
    database.run(`PRAGMA busy_timeout = ${waitMs}`)
    database.run('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (isBusy(error)) return undefined
    throw error
  }
  return { [Symbol.dispose]: () => database.close() }
}

/** The same for a short while in a place of others': nobody waits, and its file goes when it is given back. */
export const acquirePassingLock = (path: string): Disposable | undefined => {
  createPlainFile(path)
  const before = identityOf(path)
  // whoever had it may take its file away while we open it: what we have then is one that nobody else will find
  const isOurs = (): boolean => before !== undefined && identityOf(path) === before
  let lock: Disposable | undefined
  try {
    lock = acquireFileLock(path, 0)
  } catch (error) {
    if (isOurs()) throw error
  }
  if (!lock) return undefined
  const { [Symbol.dispose]: giveBack } = lock
  if (!isOurs()) {
    giveBack()
    return undefined
  }
  return {
    [Symbol.dispose]: () => {
      if (isOurs()) unlinkSync(path)
      giveBack()
    },
  }
}

const identityOf = (path: string): string | undefined => {
  const found = lstatSync(path, { throwIfNoEntry: false, bigint: true })
  return found && `${found.ino} ${found.ctimeNs}`
}

/** Whether a process holds the lock. Looks without taking it; a lock file that does not exist is free. */
export const isLocked = (path: string): boolean => {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found?.isFile()) return false
  const database = new Database(path, { readonly: true })
  try {
    database.query('SELECT count(*) FROM sqlite_schema').get()
    return false
  } catch (error) {
    if (isBusy(error)) return true
    throw error
  } finally {
    database.close()
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof SQLiteError && (error.code ?? '').startsWith('SQLITE_BUSY')

const createPlainFile = (path: string): void => {
  ownPlace(path, 'file')
  closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600))
}
