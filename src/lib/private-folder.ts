// A folder for one user's eyes: ours, mode 0700, not a symlink somebody else could turn. Used before anything is
// written into a home.

import { lstatSync, mkdirSync, statSync } from 'node:fs'

/** Makes it if it is missing. Throws, saying what is wrong and how to put it right. */
export const ensurePrivateFolder = (path: string): void => {
  // a mask that takes more would leave a folder that is closed to ourselves
  const mask = process.umask(0o077)
  try {
    if (!linkAt(path)) mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw unmade(path, error)
  } finally {
    process.umask(mask)
  }
  checkPrivateFolder(path)
}

/** Throws for a folder that is not ours alone to write to; one that is missing is nobody's yet. */
export const checkPrivateFolder = (path: string): void => {
  let link: ReturnType<typeof linkAt>
  try {
    link = linkAt(path)
  } catch (error) {
    throw unmade(path, error)
  }
  if (!link) return
  const found = statSync(path, { throwIfNoEntry: false })
  const me = process.getuid?.()
  if (!found) throw new Error(`${path} is a symbolic link of user ${link.uid} that leads nowhere: remove it`)
  if (!found.isDirectory())
    throw new Error(`${path} is not a folder (owner ${link.uid}): move it away, or set PAID_HOME`)
  const other = [link.uid, found.uid].find((uid) => uid !== me)
  if (other !== undefined)
    throw new Error(
      `${path} belongs to user ${other}, not to you (${me}): set PAID_HOME to a folder of your own`,
    )
  if ((found.mode & 0o022) !== 0)
    throw new Error(`Others can write to ${path}: run chmod 700 ${path}, and look at what is in it`)
}

const linkAt = (path: string) => lstatSync(path, { throwIfNoEntry: false })

const unmade = (path: string, error: unknown): Error => {
  const code = error instanceof Error && 'code' in error ? error.code : error
  return new Error(`${path} cannot be made (${String(code)}): set PAID_HOME to a folder of your own`)
}
