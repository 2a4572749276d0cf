// A settings file on disk: where it is, what is in it, and putting another text in its place.
// It promises: readers see the old text or the new one; a symlink stays one and its target is what changes; mode
// and owner stay; what somebody else wrote meanwhile is not overwritten. It refuses what is no plain UTF-8 file.

import {
  type Stats,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { claudeFolderOf } from '../../paths.ts'
import { PaidError } from '../../protocol/error.ts'

export type Scope = 'user' | 'project'

/** `CLAUDE_CONFIG_DIR` moves the user's settings, as it does for Claude Code. */
export const settingsPath = (scope: Scope, env: Record<string, string | undefined>, cwd: string): string =>
  scope === 'project' ? join(cwd, '.claude', 'settings.json') : join(claudeFolderOf(env), 'settings.json')

/** Undefined when there is no file (a link to a file that is not there is none either). */
export const readSettings = (path: string): string | undefined => {
  const bytes = bytesOf(path)
  if (bytes === undefined) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw refused(`${path} is not UTF-8 text`, 'Put it right first; nothing was changed.')
  }
}

const triesWhileOthersWrite = 5

/** Puts `change(what is there)` in its place; undefined removes the file. Gives what was there and what is now. */
export const changeSettings = (
  path: string,
  change: (before: string | undefined) => string | undefined,
): { before: string | undefined; after: string | undefined } => {
  for (let tries = 1; tries <= triesWhileOthersWrite; tries += 1) {
    const before = readSettings(path)
    const after = change(before)
    if (after === before || swapped(path, before, after)) return { before, after }
  }
  throw refused(`${path} keeps being changed by another program`, 'Try again in a moment.')
}

const swapped = (path: string, before: string | undefined, after: string | undefined): boolean => {
  const target = targetOf(path)
  try {
    if (after === undefined) {
      if (readSettings(path) !== before) return false
      unlinkSync(target)
      return true
    }
    mkdirSync(dirname(target), { recursive: true })
    const aside = join(dirname(target), `.${basename(target)}.${crypto.randomUUID()}.tmp`)
    try {
      writeAside(aside, after, before === undefined ? undefined : statSync(target))
      if (readSettings(path) !== before) return false
      renameSync(aside, target)
      return true
    } finally {
      removeIfThere(aside)
    }
  } catch (error) {
    if (error instanceof PaidError) throw error
    throw cannot('write', path, error)
  }
}

const writeAside = (aside: string, text: string, like: Stats | undefined): void => {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const fd = openSync(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, like ? 0o600 : 0o644)
  try {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.byteLength;) at += writeSync(fd, bytes, at)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  if (!like) return
  if (like.uid !== process.getuid?.() || like.gid !== process.getgid?.()) chownSync(aside, like.uid, like.gid)
  chmodSync(aside, like.mode & 0o7777)
}

/** Where the links lead, also when nothing is there yet. */
const targetOf = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    try {
      if (lstatSync(path).isSymbolicLink()) return targetOf(resolve(dirname(path), readlinkSync(path)))
    } catch {
      return path
    }
    return path
  }
}

const bytesOf = (path: string): Uint8Array | undefined => {
  try {
    if (!statSync(path).isFile())
      throw refused(`${path} is not a file`, 'Move it away first; nothing was changed.')
    return readFileSync(path)
  } catch (error) {
    if (error instanceof PaidError) throw error
    if (codeOf(error) === 'ENOENT') return undefined
    throw cannot('read', path, error)
  }
}

const removeIfThere = (path: string): void => {
  try {
    unlinkSync(path)
  } catch {
    // renamed into place
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined

const refused = (message: string, hint: string): PaidError => new PaidError('forbidden', message, hint)

const cannot = (what: 'read' | 'write', path: string, error: unknown): PaidError =>
  refused(
    `Cannot ${what} ${path}: ${String(codeOf(error) ?? error)}`,
    'See who owns it and its folder: ls -la',
  )
