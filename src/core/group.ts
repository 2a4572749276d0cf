// Writes that share one COMMIT: what they append, who waits to be told, and the reads that come behind them.

import type { PaidError } from '../protocol/error.ts'
import type { LogEvent } from './log-event.ts'

/** Who waits for a group: told one of both, once. */
export type Member = { settle: () => void; reject: (error: PaidError) => void }

export type Group = { timeline: LogEvent[]; members: Member[]; reads: (() => void)[] }

export const newGroup = (): Group => ({ timeline: [], members: [], reads: [] })

/** What a closure's value becomes: its answer when it is on disk, or nothing when the disk refused it. */
export type Ends<T, A> = { readonly done: (value: T) => A; readonly lost?: () => void }

/** One that waits for a promise. */
export const memberOf = <T, A>(
  value: T,
  { done, lost }: Ends<T, A>,
  resolve: (answer: A) => void,
  reject: (error: Error) => void,
): Member => ({
  settle: () => {
    try {
      resolve(done(value))
    } catch (error) {
      reject(asError(error))
    }
  },
  reject: (error) => {
    lost?.()
    reject(error)
  },
})

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))
