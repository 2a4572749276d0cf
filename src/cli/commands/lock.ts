// `paid lock NAME [-- CMD ARG…]`: takes a lock, for the time of a command or until it is given back.

import { connect } from '../../client/index.ts'
import type { HeldLock } from '../../client/types.ts'
import { formatDuration } from '../../lib/duration.ts'
import type { Paths } from '../../paths.ts'
import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import { here, reach } from '../home.ts'
import { say } from '../output.ts'
import { quoted, selfName } from '../self.ts'
import { sessionName, shellName } from '../shell-name.ts'
import { spanOf } from '../span.ts'
import { talk, warn } from '../talk.ts'
import { exitOfSignal, onSignals, type Running, startCommand } from '../while-locked.ts'
import { visible } from '../visible.ts'

type Given = {
  name: string
  wait?: string | undefined
  ttl?: string | undefined
  holder?: string | undefined
  note?: string | undefined
}

/** beyond the wait itself, for the answer to come */
const answerWithinMs = 30_000

const lock = async (given: Given, command: readonly string[]) => {
  const { name, holder, note } = given
  const wait = spanOf(given.wait ?? '0s', '--wait', limits.lockWaitMs)
  const ttl = spanOf(given.ttl ?? '30s', '--ttl', limits.leaseMs)
  const asked = { name, wait, ttl, ...(note !== undefined && { note }) }
  return command.length === 0
    ? await take({ ...asked, holder })
    : await runLocked({ ...asked, holder }, command)
}

export default lock

type Asked = { name: string; wait: number; ttl: number; note?: string }
type Holder = { holder: string | undefined }

const take = async ({ name, wait, ttl, note, ...given }: Asked & Holder): Promise<void> => {
  await using daemon = await reach(here())
  const holder = given.holder ?? (await shellName(daemon))
  const answer = await daemon.call(
    'lock.acquire',
    { name, wait, ttl, holder, ...(note !== undefined && { note }) },
    { timeoutMs: wait + answerWithinMs },
  )
  if (!answer.acquired) {
    const why = answer.note === undefined ? '' : ` (${answer.note})`
    const since = new Date(answer.acquiredAt).toISOString()
    const full = answer.reason === 'line_full' ? '; too many wait for it already' : ''
    throw held(`The lock ${name} is held by ${answer.holder} since ${since}${why}${full}`)
  }
  say(String(answer.token))
  const until = new Date(answer.expiresAt).toLocaleTimeString('en-GB')
  await talk(
    'info',
    visible(
      `${name} is yours until ${until} (${formatDuration(ttl)}); give it back: ${selfName()} unlock ${quoted(name)}`,
    ),
  )
}

const runLocked = async (
  { name, wait, ttl, holder, note }: Asked & Holder,
  command: readonly string[],
): Promise<number> => {
  const paths = here()
  const as = holder ?? (await ownSession(paths, name))
  const waiting = new AbortController()
  let running: Running | undefined
  let ending: NodeJS.Signals | undefined
  const undo = onSignals((signal) => {
    if (running) return running.pass(signal)
    ending = signal
    waiting.abort()
  })
  try {
    await using client = await connect({ socket: paths.socket, signal: waiting.signal })
    const own = await client
      .lock(name, {
        wait: wait,
        ttl: ttl,
        ...(as !== undefined && { holder: as }),
        ...(note !== undefined && { note }),
        signal: waiting.signal,
      })
      .catch((error: unknown) => {
        throw error instanceof PaidError && error.code === 'lock_held' ? held(error.message) : error
      })
    const started = startCommand(command, { PAID_LOCK_TOKEN: String(own.token) }, own.signal)
    if ('why' in started) {
      await giveBack(own)
      throw new CannotRun(`${command[0] ?? ''}: ${started.why}`, started.exit)
    }
    running = started
    const code = await started.exited
    if (await giveBack(own)) return code
    const lost: unknown = own.signal.reason
    throw lost instanceof PaidError ? lost : new PaidError('lock_lost', `The lock ${name} was lost`)
  } catch (error) {
    if (ending) return exitOfSignal(ending)
    if (!(error instanceof CannotRun)) throw error
    await warn(visible(error.message))
    return error.exitCode
  } finally {
    undo()
  }
}

/** Our session, when it has the lock already: the command does not wait for who runs it. */
const ownSession = async (paths: Paths, name: string): Promise<string | undefined> => {
  await using daemon = await reach(paths)
  const session = await sessionName(daemon)
  if (session === undefined) return undefined
  const { lock: now } = await daemon.call('lock.get', { name })
  return now?.holder === session ? session : undefined
}

class CannotRun extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

/** False when it was not ours any more. Without a daemon to tell, the lease ends by itself. */
const giveBack = async (own: HeldLock): Promise<boolean> => {
  if (own.signal.aborted) return false
  try {
    return await own.release()
  } catch {
    await warn(`${visible(own.name)} could not be given back: its lease ends by itself`)
    return true
  }
}

const held = (message: string): PaidError =>
  new PaidError('lock_held', message, `Wait in line with --wait 1m, or see \`${selfName()} locks\`.`)
