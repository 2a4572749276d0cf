// What a daemon does with its home: takes its lock, reads or makes the token, frees the places of its sockets, and
// leaves `daemon.json` for clients to find it. Nothing is written through a symlink, and nothing of anybody else is
// removed.

import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import type { Config } from './config.ts'
import { acquireFileLock } from './lib/file-lock.ts'
import { isListening } from './lib/is-listening.ts'
import { ownPlace } from './lib/own-place.ts'
import { ensurePrivateFolder } from './lib/private-folder.ts'
import { processStart } from './lib/process-start.ts'
import { formatAddress, formatListener, type Listener } from './listener.ts'
import type { Paths } from './paths.ts'
import { PaidError } from './protocol/error.ts'
import { checkedToken } from './protocol/token.ts'
import { version } from './version.ts'

/** Makes the home ours, and ours alone, until the stack ends. Throws `already_running`, or `forbidden` with the reason. */
export const takeHome = (paths: Paths, stack: AsyncDisposableStack): void => {
  try {
    ensurePrivateFolder(paths.home)
    chmodSync(paths.home, 0o700)
    const lock = acquireFileLock(paths.lock)
    if (!lock) throw new PaidError('already_running', `A daemon already runs on ${paths.home}`)
    stack.use(lock)
    closeToOthers(paths)
  } catch (error) {
    if (error instanceof PaidError) throw error
    throw new PaidError(
      'forbidden',
      error instanceof Error ? error.message : String(error),
      'Set PAID_HOME to a folder of your own.',
    )
  }
}

/** What a daemon writes and others may have planted or opened up: ours, or refused; then for our eyes only. */
const closeToOthers = ({ database, archive, log, daemon, spool }: Paths): void => {
  const files = [database, archive].flatMap((path) =>
    ['', '-wal', '-shm', '-journal'].map((end) => `${path}${end}`),
  )
  files.push(log, daemon)
  for (const path of files) if (ownPlace(path, 'file')) chmodSync(path, 0o600)
  if (ownPlace(spool, 'folder')) chmodSync(spool, 0o700)
}

/** The token: `given` (from PAID_TOKEN), or the file's, which is made when it is missing. */
export const tokenFor = (path: string, given: string | undefined): string => {
  if (given !== undefined && given !== '') return checkedToken(given, 'PAID_TOKEN')
  const made = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')
  try {
    createFile(path, `${made}\n`)
    return made
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
  return checkedToken(readToken(path).trim(), path)
}

/** A new file of our own. Throws EEXIST for whatever stands there, a symlink too. */
export const createFile = (path: string, text: string): void => {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  writeSync(file, text)
  closeSync(file)
}

const readToken = (path: string): string => {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    throw new PaidError(
      'forbidden',
      `${path} is not a plain file one could read (owner ${lstatSync(path).uid})`,
      'Look who put it there, and remove it.',
    )
  }
  try {
    const found = fstatSync(file)
    if (!found.isFile() || found.uid !== process.getuid?.())
      throw new PaidError(
        'forbidden',
        `${path} is not a file of yours (owner ${found.uid})`,
        'Remove it; a new one is made.',
      )
    if ((found.mode & 0o077) !== 0)
      throw new PaidError(
        'forbidden',
        `Others can read ${path}`,
        `Run: chmod 600 ${path}, or remove it: a new one is made.`,
      )
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

/**
 * Makes a socket's path free for us, who hold the home's lock: what a killed daemon left is removed. Throws when
 * something answers there, or when it is no socket of ours.
 */
export const freeSocketPath = async (path: string): Promise<void> => {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return
  if (!found.isSocket())
    throw new PaidError(
      'forbidden',
      `${path} is not a socket (owner ${found.uid}), and it stands where ours goes`,
      'Look at it, then move it away.',
    )
  if (found.uid !== process.getuid?.())
    throw new PaidError(
      'forbidden',
      `${path} is a socket of user ${found.uid}`,
      'Remove it, or set PAID_HOME to a folder of your own.',
    )
  if (await isListening(path))
    throw new PaidError(
      'address_in_use',
      `Something listens at ${path}, and it is not a daemon of this home`,
      'End it, or set PAID_HOME.',
    )
  unlinkSync(path)
}

/** How a client finds us; seen whole or not at all. */
export const writeDaemonFile = (
  paths: Paths,
  {
    startedAt,
    urls,
    sockets,
    listeners,
    webhookListeners,
    config,
  }: {
    startedAt: number
    urls: string[]
    sockets: string[]
    listeners: Listener[]
    webhookListeners: Listener[]
    config: Config
  },
): void => {
  const content = {
    pid: process.pid,
    startTime: processStart(process.pid),
    version,
    startedAt,
    urls,
    sockets,
    listen: listeners.map(formatListener),
    webhooks: webhookListeners.map(formatAddress),
    flags: config.flags,
  }
  const aside = `${paths.daemon}.${crypto.randomUUID()}`
  try {
    createFile(aside, `${JSON.stringify(content, null, 2)}\n`)
    renameSync(aside, paths.daemon)
  } catch (error) {
    rmSync(aside, { force: true })
    throw new PaidError('storage_full', `${paths.daemon} cannot be written (${String(codeOf(error))})`)
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined
