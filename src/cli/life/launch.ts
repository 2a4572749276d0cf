// Starts the daemon behind this terminal's back: its own session, its words in the log, ready before we return.
// Whether one runs is asked at its socket and its lock, never read from a pid. Whoever starts at the same moment
// loses the lock and waits with us for the one that won.

import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { openConnection } from '../../client/connection.ts'
import { isLocked } from '../../lib/file-lock.ts'
import { ownPlace } from '../../lib/own-place.ts'
import { ensurePrivateFolder } from '../../lib/private-folder.ts'
import type { Paths } from '../../paths.ts'
import { PaidError } from '../../protocol/error.ts'
import type { Status } from '../../protocol/system.ts'
import { selfCommand } from '../self.ts'

/** Set for the daemon itself: it has no terminal, and its words go where its log is. */
export const detachedMarker = 'PAID_DETACHED'

/** How a detached daemon says that another one has the home. */
export const alreadyRunsExit = 75

const readyWithinMs = 20_000
const answerWithinMs = 1000

/** What a daemon that is ready says of itself; undefined when none is. */
export const runningDaemon = async (paths: Paths): Promise<Status | undefined> => {
  try {
    await using daemon = await openConnection(paths.socket)
    const status = await daemon.call('system.status', {}, { timeoutMs: answerWithinMs })
    return status.ready ? status : undefined
  } catch (error) {
    if (error instanceof PaidError && ['not_running', 'stopping', 'timeout'].includes(error.code))
      return undefined
    throw error
  }
}

/** Resolves when it answers; throws with the reason when it cannot start. `words` are flags of `start`. */
export const launchDaemon = async (paths: Paths, words: string[]): Promise<Status> => {
  ensurePrivateFolder(paths.home)
  const until = Date.now() + readyWithinMs
  let child = spawnDaemon(paths, words)
  while (Date.now() < until) {
    const status = await runningDaemon(paths)
    if (status) {
      await dismiss(child.process, status)
      return status
    }
    if (child.process.exitCode !== null || child.process.signalCode !== null) {
      if (child.process.exitCode !== alreadyRunsExit) throw failed(paths, child)
      // The one that had the home was on its way out: now it is our turn.
      if (!isLocked(paths.lock)) child = spawnDaemon(paths, words)
    }
    await Bun.sleep(10)
  }
  throw new PaidError(
    'timeout',
    `The daemon was not ready within ${readyWithinMs / 1000} s`,
    isLocked(paths.lock)
      ? 'One has this home and does not answer: `paid restart` ends it and starts anew.'
      : `See \`paid logs\`; ${paths.log} may say what it waits for.`,
  )
}

/** One of ours that lost, and still waits for the lock, would begin when the winner ends: it is not wanted any more. */
const dismiss = async (child: Bun.Subprocess, { pid }: Status): Promise<void> => {
  if (child.pid === pid) return
  child.kill('SIGTERM')
  await child.exited
}

type Spawned = { process: Bun.Subprocess; logFrom: number }

const spawnDaemon = (paths: Paths, words: string[]): Spawned => {
  ownPlace(paths.log, 'file')
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW
  const log = openSync(paths.log, flags, 0o600)
  const logFrom = fstatSync(log).size
  const env: Record<string, string | undefined> = { ...process.env, [detachedMarker]: '1' }
  for (const name of Object.keys(env)) if (name.startsWith('BUN_')) delete env[name]
  const child = Bun.spawn([...selfCommand(), 'start', '--foreground', ...words], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
    env,
  })
  child.unref()
  closeSync(log)
  return { process: child, logFrom }
}

/** What it said last, without the entries of the log: the reason it gave, or what the runtime printed as it died. */
const failed = (paths: Paths, { process: child, logFrom }: Spawned): PaidError => {
  const entry = /^\d{4}-\d\d-\d\dT/
  const said = readFileSync(paths.log).subarray(logFrom).toString()
  const lines = [
    ...new Set(said.split('\n').filter((line) => line.trim() !== '' && !entry.test(line))),
  ].slice(-20)
  const at = lines.findIndex((line) => line.startsWith('paid: '))
  const [reason, hint] =
    at >= 0 ? [lines[at]?.slice('paid: '.length), lines[at + 1]?.trim()] : [lines.join('\n')]
  const end = child.signalCode ? `ended by ${child.signalCode}` : `exit code ${child.exitCode}`
  return new PaidError(
    'internal',
    `The daemon did not start: ${reason || end}`,
    hint || `\`paid logs\` has more; \`paid start --foreground\` shows it here.`,
  )
}
