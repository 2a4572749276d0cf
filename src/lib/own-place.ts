// What stands where a file of ours goes: nothing, or a plain file or folder of this user. A link, a socket, a pipe or
// somebody else's file there was planted, and is refused with whose it is.

import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, type Stats } from 'node:fs'

const me = process.getuid?.()

/** What is there, undefined for nothing. Throws for what is not ours, or not of the kind. Looks through no link. */
export const ownPlace = (path: string, kind: 'file' | 'folder'): Stats | undefined => {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return undefined
  if (!(kind === 'file' ? found.isFile() : found.isDirectory()))
    throw new Error(
      `${path} is ${kindOf(found)} of user ${found.uid} where a ${kind} of ours goes: look at it, then move it away`,
    )
  if (found.uid !== me)
    throw new Error(`${path} belongs to user ${found.uid}, not to you (${me}): look at it, then move it away`)
  return found
}

/**
 * The text of a file its user wrote, also through a link of theirs. Throws when the file or the link is of a user that
 * is neither they nor root, when anybody may write to it, or when it is no plain file.
 */
export const readOwn = (path: string): string => {
  const { O_RDONLY, O_NONBLOCK } = constants
  const file = openSync(path, O_RDONLY | O_NONBLOCK)
  try {
    const found = fstatSync(file)
    if (!found.isFile()) throw new Error(`${path} is ${kindOf(found)}, not a file`)
    for (const { uid } of [found, lstatSync(path)])
      if (uid !== me && uid !== 0) throw new Error(`${path} belongs to user ${uid}, not to you (${me})`)
    if ((found.mode & 0o002) !== 0) throw new Error(`Anybody can write to ${path}: run chmod o-w ${path}`)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

const kindOf = (found: Stats): string => {
  if (found.isSymbolicLink()) return 'a symbolic link'
  if (found.isSocket()) return 'a socket'
  if (found.isFIFO()) return 'a pipe'
  if (found.isDirectory()) return 'a folder'
  return found.isFile() ? 'a file' : 'a device'
}
