// Ends the daemon of a home: ask at its socket, wait for its lock, and only when it is silent signal its process,
// and that only while pid AND start time are the ones it wrote down.

import { readDaemonFile } from '../../client/daemon-file.ts'
import { isLocked } from '../../lib/file-lock.ts'
import { hasOpen } from '../../lib/open-files.ts'
import { processStart } from '../../lib/process-start.ts'
import type { Paths } from '../../paths.ts'
import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import { reach } from '../home.ts'
import { warn } from '../talk.ts'

const answerWithinMs = 3000
/** the daemon gives itself up after `stopMs`; this is for its last words */
const stoppedWithinMs = limits.stopMs + 2000
/** for one that did not even answer */
const silentWithinMs = 4000
const killedWithinMs = 3000

/** One process for ever: its pid and when it started. */
type Identity = { pid: number; startTime: string | undefined }

/** Resolves to whether there was one to end. Throws when it cannot be ended. */
export const endDaemon = async (paths: Paths): Promise<boolean> => {
  const { asked, known, met } = await askUntilKnown(paths)
  if (asked === 'not running') return met
  if (asked === 'silent' && known) await signal(known, 'SIGTERM')
  const patienceMs = asked === 'silent' ? silentWithinMs : stoppedWithinMs
  if (known && (await isGone(paths, known, patienceMs))) return true
  if (known && (await signal(known, 'SIGKILL')) && (await isGone(paths, known, killedWithinMs))) return true
  throw new PaidError(
    'internal',
    `The daemon of ${paths.home} does not stop, and which process it is cannot be told for certain`,
    `Find it with \`fuser ${paths.lock}\`, then end it by hand.`,
  )
}

/** One that begins or ends in this very moment has not written down yet who it is, or no longer: it is asked again. */
const askUntilKnown = async (paths: Paths) => {
  for (let met = false, until = Date.now() + silentWithinMs; ; met = true, await Bun.sleep(15)) {
    const asked = await ask(paths)
    const known = asked === 'silent' ? writtenDown(paths) : asked === 'not running' ? undefined : asked
    if (asked !== 'silent' || known || Date.now() >= until) return { asked, known, met }
  }
}

/** The one that was asked and agreed, or why there is none. */
const ask = async (paths: Paths): Promise<Identity | 'silent' | 'not running'> => {
  try {
    await using daemon = await reach(paths)
    const answer = daemon.call('system.stop', { reason: 'paid stop' }, { timeoutMs: answerWithinMs })
    const { pid } = await answer
    return { pid, startTime: processStart(pid) }
  } catch (error) {
    if (!(error instanceof PaidError)) throw error
    // A connection that ends under the question belongs to a daemon that is going already.
    if (error.code === 'not_running')
      return isLocked(paths.lock) ? (writtenDown(paths) ?? 'silent') : 'not running'
    if (error.code === 'stopping' || error.code === 'timeout') return 'silent'
    throw error
  }
}

/**
 * Who wrote `daemon.json`, if that process still is the one with its pid and, where the system tells, has the lock's
 * file open. Never pid 1, and nothing that `kill` would take for a group of processes.
 */
const writtenDown = (paths: Paths): Identity | undefined => {
  const found = readDaemonFile(paths.daemon)
  if (!found || !Number.isSafeInteger(found.pid) || found.pid <= 1) return undefined
  if (found.startTime === undefined || processStart(found.pid) !== found.startTime) return undefined
  if (hasOpen(found.pid, paths.lock) === false) return undefined
  return { pid: found.pid, startTime: found.startTime }
}

/** Gone is that process, or whoever holds the home: another one may have taken it since. */
const isGone = async (paths: Paths, known: Identity | undefined, withinMs: number): Promise<boolean> => {
  for (const until = Date.now() + withinMs; Date.now() < until; await Bun.sleep(15)) {
    if (!isLocked(paths.lock)) return true
    if (known && processStart(known.pid) !== known.startTime) return true
  }
  return false
}

const signal = async ({ pid, startTime }: Identity, name: 'SIGTERM' | 'SIGKILL'): Promise<boolean> => {
  if (startTime === undefined || processStart(pid) !== startTime) return false
  try {
    process.kill(pid, name)
  } catch {
    return false
  }
  await warn(`the daemon does not answer; sent ${name} to pid ${pid}`)
  return true
}
