// Putting our `post-commit` into a folder of hooks, taking it out, and saying how it stands.
// A hook that was there is put aside as it is, its mode, link and time with it, and comes back as it was. Each step is
// one rename: whatever happens between two of them, a hook is whole and nothing is lost.

import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { PaidError } from '../../protocol/error.ts'
import { factsIn, hookName, isOurs, keptName, runOf, scriptOf } from './script.ts'

export type GitHook = {
  readonly path: string
  readonly installed: boolean
  /** the program it runs, and whether it is there */
  readonly program?: string
  readonly exists?: boolean
  /** where the hook waits that was there before */
  readonly kept?: string
}
export type Installed = { path: string; changed: boolean; text: string; kept: string | undefined }

type What = { folder: string; command: readonly string[]; scope: 'repository' | 'global' }

/** What would be written, and whether that changes anything. */
export const previewHook = ({ folder, command, scope }: What): Installed => {
  const path = join(folder, hookName)
  const kept = join(folder, keptName)
  const before = textAt(path)
  const ours = before !== undefined && isOurs(before)
  const madeFolder = ours ? factsIn(before).madeFolder : !existsSync(folder)
  const aside = ours ? textAt(kept) : before
  if (!ours && before !== undefined && !isSame(path, kept)) {
    throw new PaidError(
      'bad_request',
      `${kept} is there, from an earlier installation, but another program has written ${path} since`,
      `Look at both, keep the one you want as ${hookName}, remove the other, and try again.`,
    )
  }
  const alias = isLink(ours ? kept : path)
  const run = aside === undefined ? undefined : runOf(aside.split('\n', 1)[0] ?? '', alias)
  const text = scriptOf({ command, scope, kept: run, madeFolder })
  return { path, changed: bytesAsText(text) !== before, text, kept: aside === undefined ? undefined : kept }
}

export const installHook = (what: What): Installed => {
  const planned = previewHook(what)
  if (!planned.changed) return planned
  const { path, text } = planned
  const kept = join(what.folder, keptName)
  mkdirSync(what.folder, { recursive: true })
  const before = textAt(path)
  if (before !== undefined && !isOurs(before) && !existsSync(kept)) linkOrMove(path, kept)
  putScript(path, text)
  return planned
}

/** False when there was none of ours. */
export const uninstallHook = (folder: string): boolean => {
  const path = join(folder, hookName)
  const text = textAt(path)
  if (text === undefined || !isOurs(text)) return false
  const kept = join(folder, keptName)
  if (lstatSync(kept, { throwIfNoEntry: false })) renameSync(kept, path)
  else rmSync(path)
  if (factsIn(text).madeFolder) removeEmpty(folder)
  return true
}

export const hookIn = (folder: string): GitHook => {
  const path = join(folder, hookName)
  const text = textAt(path)
  if (text === undefined || !isOurs(text)) return { path, installed: false }
  const { program } = factsIn(Buffer.from(text, 'latin1').toString())
  const kept = join(folder, keptName)
  return {
    path,
    installed: true,
    ...(program !== undefined && { program, exists: existsSync(program) }),
    ...(lstatSync(kept, { throwIfNoEntry: false }) && { kept }),
  }
}

/** An executable file, whole or as it was. */
export const putScript = (path: string, text: string): void => {
  const beside = `${path}.paid-tmp`
  rmSync(beside, { force: true })
  writeFileSync(beside, text, { flag: 'wx' })
  chmodSync(beside, 0o777 & ~process.umask())
  renameSync(beside, path)
}

/** Bytes as text, so that any program can be looked at; undefined for nothing there. Throws for what is no file. */
const textAt = (path: string): string | undefined => {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return undefined
  if (found.isFile() || found.isSymbolicLink()) {
    try {
      return readFileSync(path, 'latin1')
    } catch (error) {
      // a link that leads nowhere is a hook that git passes over, and is kept
      if (found.isSymbolicLink()) return ''
      throw error
    }
  }
  throw new PaidError('bad_request', `${path} is no file`, 'Look at it, then move it away.')
}

const bytesAsText = (text: string): string => Buffer.from(text).toString('latin1')

const isLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true

/** Nothing was kept yet, or what was is what stands there again. */
const isSame = (path: string, kept: string): boolean =>
  !lstatSync(kept, { throwIfNoEntry: false }) || textAt(kept) === textAt(path)

const linkOrMove = (path: string, kept: string): void => {
  try {
    linkSync(path, kept)
  } catch {
    renameSync(path, kept)
  }
}

const removeEmpty = (folder: string): void => {
  try {
    rmdirSync(folder)
  } catch {
    // somebody has put something into it since
  }
}
