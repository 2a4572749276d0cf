// Taking a socket's path that is not in our home, where others may stand already. Promises: a path somebody answers at
// is never taken, and the error says who holds it; what a dead process left is replaced; nothing is written through a
// link or into a folder that others could change; folders that are missing are made for our eyes only; at the end
// only what is still ours is removed.

import {
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  type Stats,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { createFile } from './home.ts'
import { ownPlace, readOwn } from './lib/own-place.ts'
import { processStartedAt } from './lib/process-start.ts'
import { PaidError } from './protocol/error.ts'
import { listenerPid } from './transport/peer-uid.ts'
import type { SocketPlace } from './socket-place.ts'

const me = process.getuid?.()
const myGroup = process.getgid?.()

/**
 * Opens a door at `place`: `open` listens at the path it is given, which is then moved to its place in one step.
 * Throws `address_in_use` naming the holder, `forbidden` naming the owner of what stands in the way.
 */
export const claimSocket = async <Door extends AsyncDisposable>(
  place: SocketPlace,
  open: (path: string) => Door,
): Promise<Claimed<Door>> => {
  try {
    return await claim(place, open)
  } catch (error) {
    if (error instanceof PaidError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new PaidError('forbidden', `${place.path} cannot be had: ${reason}`, hintFor(place))
  }
}

type Claimed<Door> = { door: Door; release: () => Promise<void> }

const claim = async <Door extends AsyncDisposable>(
  place: SocketPlace,
  open: (path: string) => Door,
): Promise<Claimed<Door>> => {
  const { path, ownerFile, pidFile } = place
  const folder = dirname(path)
  ensureFolder(folder, place)
  if (pidFile !== undefined) checkOursAlone(folder, pidFile, place)
  const stale = await staleAt(path, place)
  if (ownerFile !== undefined) checkOwnerFile(ownerFile, place)
  // never longer than the shortest name a place can have beside it
  const aside = join(
    folder,
    `.${crypto.randomUUID().slice(0, Math.min(8, Math.max(3, basename(path).length - 1)))}`,
  )
  const door = open(aside)
  let ours: Stats
  try {
    ours = lstatSync(aside)
    if (stale && lstatSync(path, { throwIfNoEntry: false })?.ino === stale.ino) unlinkSync(path)
    linkSync(aside, path)
  } catch (error) {
    await door[Symbol.asyncDispose]()
    if (codeOf(error) !== 'EEXIST') throw error
    throw new PaidError('address_in_use', `${path} was taken by another program just now`, hintFor(place))
  }
  unlinkSync(aside)
  if (ownerFile !== undefined) writeOwnerFile(ownerFile, path)
  if (pidFile !== undefined) writeWhole(pidFile, String(process.pid))
  return {
    door,
    release: async () => {
      await door[Symbol.asyncDispose]()
      const found = lstatSync(path, { throwIfNoEntry: false })
      if (found && found.ino !== ours.ino) return
      rmSync(path, { force: true })
      for (const file of [ownerFile, pidFile]) if (file !== undefined) rmSync(file, { force: true })
    },
  }
}

const hintFor = ({ option }: SocketPlace): string => `End it, or start without ${option}.`

/** What a process that is gone left there; undefined for nothing. Throws for everything else. */
const staleAt = async (path: string, place: SocketPlace): Promise<Stats | undefined> => {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return undefined
  const look = 'Look at it, then move it away.'
  if (!found.isSocket())
    throw new PaidError(
      'forbidden',
      `${path} is no socket (owner ${found.uid}): it is not ours to replace`,
      look,
    )
  if (found.uid !== me)
    throw new PaidError('forbidden', `${path} is a socket of user ${found.uid}, not yours (${me})`, look)
  const holder = await holderAt(path)
  if (holder === undefined) return found
  throw new PaidError('address_in_use', `${path} is held by ${holder}`, hintFor(place))
}

/** one that is busy refuses for a moment */
const tries = 3
const pauseMs = 50

/** Who listens there, in words; undefined when nobody does. */
const holderAt = async (path: string): Promise<string | undefined> => {
  for (let n = 0; n < tries; n++) {
    if (n > 0) await Bun.sleep(pauseMs)
    try {
      const socket = await Bun.connect({ unix: path, socket: { data() {} } })
      const pid = listenerPid(socket)
      socket.end()
      return pid === undefined ? 'another program' : `pid ${pid}${programOf(pid)}`
    } catch {
      // nobody yet
    }
  }
  return undefined
}

const programOf = (pid: number): string => {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean).join(' ')
    return ` (${words.length > 80 ? `${words.slice(0, 79)}…` : words})`
  } catch {
    return ''
  }
}

/** Makes what is missing; refuses a way that leads through a link, or through what others could change. */
const ensureFolder = (folder: string, place: SocketPlace): void => {
  const above = dirname(folder)
  // what stands at the root was put there by the system
  if (above === folder) return
  ensureFolder(above, place)
  const found = lstatSync(folder, { throwIfNoEntry: false })
  if (!found) return makeFolder(folder)
  if (above === dirname(above)) return
  const refuse = (what: string) =>
    new PaidError(
      'forbidden',
      `${folder} ${what}, and ${place.path} would be in it`,
      `Put it right, or start without ${place.option}.`,
    )
  if (found.isSymbolicLink()) throw refuse(`is a symbolic link of user ${found.uid}`)
  if (!found.isDirectory()) throw refuse(`is no folder (owner ${found.uid})`)
  if (found.uid !== me && found.uid !== 0) throw refuse(`belongs to user ${found.uid}`)
  const sticky = (found.mode & 0o1000) !== 0
  const byOthers = (found.mode & 0o002) !== 0 || ((found.mode & 0o020) !== 0 && found.gid !== myGroup)
  if (byOthers && !sticky) throw refuse(`can be changed by others (owner ${found.uid})`)
}

/** Ours alone, and open to us under any mask. */
const makeFolder = (folder: string): void => {
  const mask = process.umask(0o077)
  try {
    mkdirSync(folder, 0o700)
  } finally {
    process.umask(mask)
  }
}

/** Refuses while the one that it names lives, also when its socket is gone: it may be about to make it anew. */
const checkOwnerFile = (path: string, place: SocketPlace): void => {
  let text: string
  try {
    if (!ownPlace(path, 'file')) return
    text = readOwn(path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new PaidError('forbidden', reason, `Or start without ${place.option}.`)
  }
  const pid = livingOwner(text)
  if (pid === undefined || pid === process.pid) return
  const what = `${place.path} is claimed by pid ${pid}${programOf(pid)}: ${path} says so`
  throw new PaidError('address_in_use', what, hintFor(place))
}

/** Who claimed it, if that process still runs: one that began after the claim only has the same pid. */
const livingOwner = (text: string): number | undefined => {
  try {
    const owner: unknown = JSON.parse(text)
    if (typeof owner !== 'object' || owner === null || !('pid' in owner) || !('claimedAt' in owner))
      return undefined
    const { pid, claimedAt } = owner
    if (typeof pid !== 'number' || (typeof claimedAt !== 'number' && typeof claimedAt !== 'string'))
      return undefined
    const startedAt = processStartedAt(pid)
    return startedAt !== undefined && startedAt <= new Date(claimedAt).getTime() ? pid : undefined
  } catch {
    return undefined
  }
}

/** Who has the socket, as newer photon clients want to know before they take it for dead; seen whole or not at all. */
const writeOwnerFile = (path: string, socketPath: string): void =>
  writeWhole(path, `${JSON.stringify({ pid: process.pid, socketPath, claimedAt: Date.now() })}\n`)

const writeWhole = (path: string, text: string): void => {
  const aside = `${path}.${crypto.randomUUID()}`
  createFile(aside, text)
  renameSync(aside, path)
}

/** A folder whose name everybody knows, in one where everybody may make it: only as ours, closed to others. */
const checkOursAlone = (folder: string, pidFile: string, place: SocketPlace): void => {
  const { uid, mode } = lstatSync(folder)
  const or = `or start without ${place.option}.`
  if (uid !== me)
    throw new PaidError(
      'forbidden',
      `${folder} belongs to user ${uid}, not to you (${me})`,
      `Have it removed, ${or}`,
    )
  if ((mode & 0o077) !== 0)
    throw new PaidError(
      'forbidden',
      `${folder} is open to other users (mode ${(mode & 0o777).toString(8)})`,
      `Look at what is in it, then run chmod 700 ${folder}, ${or}`,
    )
  ownPlace(pidFile, 'file')
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined
