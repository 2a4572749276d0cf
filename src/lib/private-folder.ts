// A folder for one user's eyes: ours, mode 0700, not a symlink somebody else could turn. Used before anything is
// written into a home.

import { lstatSync, mkdirSync, statSync } from 'node:fs'

/** Makes it if it is missing. Throws, saying what is wrong and how to put it right. */
export const ensurePrivateFolder = (path: string): void => {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const link = lstatSync(path)
  const found = statSync(path)
  const me = process.getuid?.()
  if (!found.isDirectory()) throw new Error(`${path} is not a folder: move it away, or set PAID_HOME`)
  if (found.uid !== me || link.uid !== me)
    throw new Error(
      `${path} belongs to user ${found.uid}, not to you (${me}): set PAID_HOME to a folder of your own`,
    )
  if ((found.mode & 0o022) !== 0)
    throw new Error(`Others can write to ${path}: run chmod 700 ${path}, and look at what is in it`)
}
