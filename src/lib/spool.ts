// The spool: events that could not be handed to the daemon wait here, one file each, until it takes them in.
//   spool/<occurredAt>-<key>.<bytes>.json    a header line {"key","occurredAt","path","cause"?}, a newline, the body as it came
//   spool/dropped                            its length is the number of events dropped: appending is safe for many writers
// It promises: a file is seen whole or not at all, by any number of processes writing at once; names sort oldest first;
// what waits stays within the bound, the oldest goes first and is counted; nothing is written through a symlink or into
// a folder of somebody else. A kill loses nothing; files are not fsynced, a power cut may take the newest.
// Sizes are counted in whole blocks, as the disk does, which also bounds the number of files (16,384 at 64 MiB); the
// name carries the size so that the bound costs one readdir and no stat.

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

export type SpoolEntry = {
  key: string
  occurredAt: number
  path: string
  /** what its sender acted upon */
  cause?: string
  body: Uint8Array
}
export type SpoolFile = { name: string; occurredAt: number; bytes: number }
export type Spool = ReturnType<typeof spoolAt>

const blockBytes = 4096
const headerBytes = 4096
/** a temporary file this old was left by a writer that died */
const abandonedMs = 60_000
const named = /^(\d{1,15})-([\w-]{1,128})(?:\.(\d{1,15}))?\.json$/
const temporary = /^\.tmp-(\d{1,15})-/
const keyed = /^[\w-]{1,128}$/

/** Opens nothing and creates nothing: `write` makes the folder when it is first needed. */
export const spoolAt = (folder: string, maxBytes: number) => {
  /** Stores one event. Throws when it cannot: no space, no rights, a folder that is not ours. */
  const write = (entry: SpoolEntry): void => {
    if (!keyed.test(entry.key) || !Number.isSafeInteger(entry.occurredAt) || entry.occurredAt < 0)
      throw new Error('A spooled event has a key of letters, digits, _ and -, and a time')
    makeFolder(folder)
    const { body, ...header } = entry
    const parts = [Buffer.from(`${JSON.stringify(header)}\n`), body]
    const bytes = parts.reduce((sum, part) => sum + part.byteLength, 0)
    const aside = join(folder, `.tmp-${entry.occurredAt}-${entry.key}`)
    try {
      writeAside(aside, parts)
    } catch (error) {
      if (codeOf(error) === 'ENOSPC') addDropped(folder, 1)
      throw error
    }
    renameSync(aside, join(folder, `${entry.occurredAt}-${entry.key}.${bytes}.json`))
    keepBound(folder, maxBytes)
  }

  /** What waits, oldest first; empty when there is no spool. */
  const list = (): SpoolFile[] => filesOf(folder, namesIn(folder))

  /** Whether an event waits, by its key. */
  const has = (key: string): boolean => namesIn(folder).some((name) => keyIn(name) === key)

  /** `gone` when another reader took it or it was dropped; `damaged` when it is not what `write` wrote. */
  const read = (name: string): SpoolEntry | 'gone' | 'damaged' => {
    if (!named.test(name)) return 'damaged'
    try {
      return entryOf(readWhole(join(folder, name), maxBytes)) ?? 'damaged'
    } catch (error) {
      return codeOf(error) === 'ENOENT' ? 'gone' : 'damaged'
    }
  }

  /** True when this call removed it. */
  const remove = (name: string): boolean => named.test(name) && unlinked(join(folder, name))

  /** Events dropped since the spool exists: for the bound, or because the disk was full. */
  const dropped = (): number => {
    try {
      return lstatSync(join(folder, 'dropped')).size
    } catch {
      return 0
    }
  }

  return { folder, write, list, has, read, remove, dropped }
}

const makeFolder = (folder: string): void => {
  const home = dirname(folder)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const ours = process.getuid?.()
  for (const [path, at] of [
    [home, statSync(home)],
    [folder, lstatSync(folder)],
  ] as const) {
    if (!at.isDirectory()) throw new Error(`${path} is not a folder`)
    if (ours !== undefined && at.uid !== ours)
      throw new Error(`${path} belongs to uid ${at.uid}, not to ${ours}`)
    if ((at.mode & 0o022) !== 0) throw new Error(`${path} can be written by others: chmod 700 ${path}`)
  }
}

const writeAside = (path: string, parts: Uint8Array[]): void => {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  try {
    for (const part of parts) for (let at = 0; at < part.byteLength;) at += writeSync(fd, part, at)
  } catch (error) {
    unlinked(path)
    throw error
  } finally {
    closeSync(fd)
  }
}

/** Runs after the rename: of writers at one moment, the last to look sees them all. */
const keepBound = (folder: string, maxBytes: number): void => {
  const names = namesIn(folder)
  const now = Date.now()
  for (const name of names) {
    const since = temporary.exec(name)?.[1]
    if (since !== undefined && Math.abs(now - Number(since)) > abandonedMs) unlinked(join(folder, name))
  }
  const files = filesOf(folder, names)
  let excess = files.reduce((sum, file) => sum + blocksOf(file.bytes), 0) - maxBytes
  let count = 0
  for (const file of files) {
    if (excess <= 0) break
    // one that is gone already makes room too: another writer dropped and counted it, or the daemon took it
    if (unlinked(join(folder, file.name))) count += 1
    excess -= blocksOf(file.bytes)
  }
  if (count > 0) addDropped(folder, count)
}

const addDropped = (folder: string, count: number): void => {
  const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW } = constants
  const fd = openSync(join(folder, 'dropped'), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600)
  try {
    writeSync(fd, '.'.repeat(count))
  } finally {
    closeSync(fd)
  }
}

const keyIn = (name: string): string | undefined => named.exec(name)?.[2]

const blocksOf = (bytes: number): number => Math.ceil(bytes / blockBytes) * blockBytes

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

const filesOf = (folder: string, names: string[]): SpoolFile[] => {
  const files: SpoolFile[] = []
  for (const name of names) {
    const match = named.exec(name)
    if (match === null) continue
    const bytes = match[3] === undefined ? sizeOf(join(folder, name)) : Number(match[3])
    files.push({ name, occurredAt: Number(match[1]), bytes })
  }
  return files.sort((a, b) => a.occurredAt - b.occurredAt || (a.name < b.name ? -1 : 1))
}

const sizeOf = (path: string): number => {
  try {
    return lstatSync(path).size
  } catch {
    return 0
  }
}

const readWhole = (path: string, maxBytes: number): Buffer => {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const at = fstatSync(fd)
    if (!at.isFile() || at.size > maxBytes) throw new Error('not a spooled event')
    return readFileSync(fd)
  } finally {
    closeSync(fd)
  }
}

const entryOf = (bytes: Buffer): SpoolEntry | undefined => {
  const end = bytes.subarray(0, headerBytes).indexOf(0x0a)
  if (end === -1) return undefined
  const header: unknown = JSON.parse(bytes.toString('utf8', 0, end))
  if (typeof header !== 'object' || header === null) return undefined
  if (!('key' in header) || typeof header.key !== 'string' || !keyed.test(header.key)) return undefined
  if (!('occurredAt' in header) || !Number.isSafeInteger(header.occurredAt)) return undefined
  if (!('path' in header) || typeof header.path !== 'string') return undefined
  return {
    key: header.key,
    occurredAt: Number(header.occurredAt),
    path: header.path,
    ...('cause' in header && typeof header.cause === 'string' && { cause: header.cause }),
    body: bytes.subarray(end + 1),
  }
}

const unlinked = (path: string): boolean => {
  try {
    unlinkSync(path)
    return true
  } catch {
    return false
  }
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
