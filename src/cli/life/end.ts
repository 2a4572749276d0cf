// Ends the daemon of a home: ask at its socket, wait for its lock, and only when it is silent signal its process,
// and that only while pid AND start time are the ones it wrote down.

import { readDaemonFile } from '../../client/daemon-file.ts'
import { isLocked } from '../../lib/file-lock.ts'
import { processStart } from '../../lib/process-start.ts'
import type { Paths } from '../../paths.ts'
import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import { reach } from '../home.ts'
import { tell } from '../output.ts'

const answerWithinMs = 3000
const killedWithinMs = 3000

/** Resolves to whether there was one to end. Throws when it cannot be ended. */
export const endDaemon = async (paths: Paths): Promise<boolean> => {
  const answer = await ask(paths)
  if (answer === 'not running') return false
  if (answer === 'stopping' && (await isFree(paths, limits.stopMs))) return true
  if (answer === 'silent' && signal(paths, 'SIGTERM') && (await isFree(paths, limits.stopMs))) return true
  if (signal(paths, 'SIGKILL') && (await isFree(paths, killedWithinMs))) return true
  if (!isLocked(paths.lock)) return true
  throw new PaidError(
    'internal',
    `The daemon of ${paths.home} does not stop, and which process it is cannot be told for certain`,
    `Find it with \`fuser ${paths.lock}\`, then end it by hand.`,
  )
}

const ask = async (paths: Paths): Promise<'stopping' | 'silent' | 'not running'> => {
  try {
    await using daemon = await reach(paths)
    await daemon.call('system.stop', { reason: 'paid stop' }, { timeoutMs: answerWithinMs })
    return 'stopping'
  } catch (error) {
    if (!(error instanceof PaidError)) throw error
    // A connection that ends under the question belongs to a daemon that is going already.
    if (error.code === 'not_running') return isLocked(paths.lock) ? 'stopping' : 'not running'
    if (error.code === 'stopping' || error.code === 'timeout') return 'silent'
    throw error
  }
}

const isFree = async (paths: Paths, withinMs: number): Promise<boolean> => {
  for (const until = Date.now() + withinMs; Date.now() < until; await Bun.sleep(15))
    if (!isLocked(paths.lock)) return true
  return false
}

const signal = (paths: Paths, name: 'SIGTERM' | 'SIGKILL'): boolean => {
  const found = readDaemonFile(paths.daemon)
  if (!found || found.startTime === undefined || processStart(found.pid) !== found.startTime) return false
  tell(`paid: the daemon does not answer; sending ${name} to pid ${found.pid}`)
  try {
    process.kill(found.pid, name)
  } catch {
    return false
  }
  return true
}
