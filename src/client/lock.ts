// A lock, waited for and kept. Its holder is a name of its own unless one is given, so that two tasks of one program
// exclude each other too, and so that a lost connection or a restarted daemon takes nothing away.

import { parseDuration } from '../lib/duration.ts'
import type { Result } from '../protocol/api.ts'
import { PaidError } from '../protocol/error.ts'
import { backOff, isPassing } from './bounds.ts'
import { type Connection, converse } from './conversation.ts'
import { keepLease, type Lease } from './lease.ts'
import type { Open } from './line.ts'
import type { Duration, HeldLock, LockOptions } from './types.ts'

const defaultTtlMs = 30_000
/** beyond the wait itself, for the answer to come */
const answerWithinMs = 30_000

type Ways = {
  open: Open
  /** Aborts when the client is closed: the lock is then given back. */
  closing: AbortSignal
  /** see `converse` */
  cause: string | undefined
}

/** Throws `lock_held` when it is not to be had, the signal's reason when that aborts. */
export const takeLock = async (name: string, options: LockOptions & Ways): Promise<HeldLock> => {
  const { open, signal, note, closing, cause, holder = ownName() } = options
  const ttl = milliseconds(options.ttl ?? defaultTtlMs, 'ttl')
  const wait = milliseconds(options.wait ?? 0, 'wait')
  const until = performance.now() + wait
  const retry = backOff()

  for (;;) {
    signal?.throwIfAborted()
    let connection: Connection | undefined
    try {
      connection = await converse(open, signal && { signal }, cause)
      const askedAt = performance.now()
      const leftMs = Math.max(0, Math.round(until - askedAt))
      const answer = await connection.call(
        'lock.acquire',
        { name, holder, ttl, wait: leftMs, ...(note === undefined ? {} : { note }) },
        { timeoutMs: leftMs + answerWithinMs, ...(signal && { signal }) },
      )
      if (!answer.acquired) throw heldBy(answer)
      const lease = keepLease({ ...answer, ttl, connection, open, cause, closing, askedAt })
      // The answer may have waited longer for us than we for it: whether the lease still is ours, the daemon knows.
      if (performance.now() - askedAt < ttl / 3 || (await lease.check())) return heldLock(answer, lease)
      lease.end()
    } catch (error) {
      if (signal?.aborted) void giveUp(connection, options, name, holder)
      else connection?.close()
      if (signal?.aborted || !isPassing(error) || performance.now() >= until) throw error
      await retry.pause(signal, until - performance.now())
    }
  }
}

const heldLock = ({ name, holder, token, acquiredAt }: Acquired, lease: Lease): HeldLock => {
  let released: Promise<boolean> | undefined
  const release = () => (released ??= lease.release())
  return {
    name,
    holder,
    token,
    acquiredAt,
    signal: lease.signal,
    release,
    [Symbol.asyncDispose]: async () => {
      try {
        await release()
      } catch (error) {
        // nobody to give it back to: the lease ends by itself
        if (!isPassing(error)) throw error
      }
    },
  }
}

type Acquired = Extract<Result<'lock.acquire'>, { acquired: true }>
type Busy = Extract<Result<'lock.acquire'>, { acquired: false }>

const heldBy = ({ name, holder, acquiredAt, note, reason }: Busy): PaidError => {
  const since = new Date(acquiredAt).toISOString()
  const why = note === undefined ? '' : ` (${note})`
  const line = reason === 'line_full' ? '; too many wait for it already' : ''
  return new PaidError('lock_held', `The lock ${name} is held by ${holder} since ${since}${why}${line}`)
}

/** It may be ours at the very moment the waiting was given up: then it is given back at once. */
const giveUp = async (
  waiting: Connection | undefined,
  { open, cause }: Ways,
  name: string,
  holder: string,
): Promise<void> => {
  waiting?.close()
  if (!waiting) return
  try {
    const connection = await converse(open, {}, cause)
    await connection.call('lock.release', { name, holder }).finally(connection.close)
  } catch {
    // the lease ends by itself
  }
}

const milliseconds = (duration: Duration, what: string): number => {
  const ms = typeof duration === 'number' ? duration : parseDuration(duration)
  if (ms !== undefined && Number.isFinite(ms) && ms >= 0) return Math.round(ms)
  throw new PaidError(
    'bad_request',
    `${what} is no duration: ${String(duration)}`,
    'Give milliseconds, or text such as "30s" or "5m".',
  )
}

/** Says which process it was, to people; what makes it unique is the rest. */
const ownName = (): string => {
  const who = typeof process === 'undefined' ? 'browser' : `pid ${process.pid}`
  const random = crypto.getRandomValues(new Uint32Array(2))
  return `${who} ${Array.from(random, (part) => part.toString(36)).join('')}`
}
