// Bounds on waiting: time, an AbortSignal, and the pauses between attempts.

import { PaidError } from '../protocol/error.ts'

/**
 * What the daemon answers, unless `signal` aborts first (its own reason is thrown) or `timeoutMs` pass (`timeout`; 0
 * waits for ever). The work itself goes on; what can be ended is ended by the caller.
 */
export const bounded = <T>(
  work: Promise<T>,
  { signal, timeoutMs }: { signal?: AbortSignal | undefined; timeoutMs: number },
): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer =
      timeoutMs > 0 ? setTimeout(() => end(() => reject(silent(timeoutMs))), timeoutMs) : undefined
    const abort = () => end(() => reject(signal?.reason))
    const end = (settle: () => void) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      settle()
    }
    work.then(
      (result) => end(() => resolve(result)),
      (error: unknown) => end(() => reject(error)),
    )
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort)
  })

const silent = (ms: number): PaidError =>
  new PaidError(
    'timeout',
    `The daemon did not answer within ${ms / 1000} s`,
    'See what it does: `paid logs`.',
  )

const firstPauseMs = 50
const longestPauseMs = 2000

/** Pauses that grow, each of another length than everybody else's, so that a daemon is not run over when it is back. */
export const backOff = () => {
  let nextMs = firstPauseMs
  return {
    reset: () => {
      nextMs = firstPauseMs
    },
    /** Shorter when the signal aborts, or `atMostMs` says so. */
    pause: async (signal?: AbortSignal, atMostMs = Infinity): Promise<void> => {
      const ms = nextMs * (0.5 + Math.random() / 2)
      nextMs = Math.min(nextMs * 2, longestPauseMs)
      await pause(Math.min(ms, atMostMs), signal)
    },
  }
}

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, Math.max(0, ms))
    signal?.addEventListener('abort', done)
  })

/** A daemon on its way down or up says this; the next one will not. */
export const isPassing = (error: unknown): boolean =>
  error instanceof PaidError && ['not_running', 'stopping', 'timeout'].includes(error.code)
