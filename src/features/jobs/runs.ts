// What happens to the runs of a job in one transaction: a firing begins a run, waits, or is left out; a run ends, is
// tried again, and the next in line begins in the same breath. Whatever was decided becomes true when it is on disk,
// or not at all: only then is the action called.

import { limits } from '../../protocol/limits.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Transaction } from '../../core/log.ts'
import { jobRows, runRows, type JobRow, type Place, type RunRow } from './rows.ts'
import { draftOf, type Ending, endingData, keyOf, ofRun, ourselves } from './job-events.ts'

export type Begun = { readonly job: JobRow; readonly run: RunRow; readonly startedAt: number }

/** One transaction, and what it decided. */
export type Turn = { readonly transaction: Transaction; readonly begun: Begun[] }

/** `known`: it ran already */
export type Offered = 'started' | 'waits' | 'running' | 'line_full' | 'known'

const firstPauseMs = 1000
export const longestPauseMs = 300_000

/** How long after its nth try a run is tried again. */
export const pauseAfter = (attempt: number): number =>
  Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempt - 1, 20))

export const createRuns = (clock: Clock) => {
  const isKnown = ({ byKey }: Transaction, run: RunRow): boolean => {
    const key = keyOf(run)
    return key !== undefined && byKey(run.namespace, key) !== undefined
  }

  /** False when this firing has begun before: it never does twice. */
  const begin = ({ transaction, begun }: Turn, job: JobRow, run: RunRow, by = ourselves): boolean => {
    if (isKnown(transaction, run)) return false
    const startedAt = clock.now()
    const key = keyOf(run)
    transaction.append({
      ...draftOf(run, 'job.started', { do: job.action, ...ofRun(run) }, by),
      ...(key !== undefined && { key }),
    })
    const started = { ...run, started_at: startedAt, ready_at: null }
    runRows.set(transaction.database, started)
    begun.push({ job, run: started, startedAt })
    return true
  }

  /** The next in line begins, unless a run goes on or waits for another try. */
  const goOn = (turn: Turn, place: Place): void => {
    const { database } = turn.transaction
    for (;;) {
      const run = runRows.first(database, place)
      if (!run || run.started_at !== null || run.ready_at !== null) return
      const job = jobRows.find(database, place)
      if (job && begin(turn, job, run)) return
      runRows.remove(database, run)
    }
  }

  return {
    /** A firing: it begins if nothing of its job is open. */
    offer: (
      turn: Turn,
      job: JobRow,
      planned: number | null,
      mayWait: boolean,
      { by, cause = null }: { by?: string; cause?: string | null } = {},
    ): Offered => {
      const { transaction } = turn
      const { database } = transaction
      const wanted = { ...job, number: 0, planned, attempt: 1, started_at: null, ready_at: null, cause }
      if (isKnown(transaction, wanted)) return 'known'
      const open = runRows.count(database, job)
      const reason =
        open === 0 ? undefined : !mayWait ? 'running' : open > limits.jobLine ? 'line_full' : undefined
      if (reason !== undefined) {
        if (planned !== null) transaction.append(draftOf(job, 'job.skipped', { planned, reason }))
        return reason
      }
      const run = runRows.add(database, job, planned, cause)
      if (open > 0) return 'waits'
      begin(turn, job, run, by)
      return 'started'
    },

    /** A run whose other try is due. */
    again: (turn: Turn, run: RunRow): void => {
      const { database } = turn.transaction
      const job = jobRows.find(database, run)
      if (job && begin(turn, job, run)) return
      runRows.remove(database, run)
      goOn(turn, run)
    },

    /** How a run ended. Gives back how often its job finished well by now, or undefined while it is tried again. */
    end: (turn: Turn, { run, startedAt }: Begun, ending: Ending): number | undefined => {
      const { database, append } = turn.transaction
      const job = jobRows.find(database, run)
      const data = { ...ofRun(run), startedAt, ...endingData(ending) }
      if ('error' in ending && job && run.attempt <= job.retries) {
        const retryAt = clock.now() + pauseAfter(run.attempt)
        append(draftOf(run, 'job.failed', { ...data, retryAt }))
        runRows.set(database, { ...run, attempt: run.attempt + 1, started_at: null, ready_at: retryAt })
        return undefined
      }
      append(draftOf(run, 'error' in ending ? 'job.failed' : 'job.finished', data))
      if (!('error' in ending)) jobRows.countRun(database, run, startedAt)
      runRows.remove(database, run)
      goOn(turn, run)
      return (job?.runs ?? 0) + ('error' in ending ? 0 : 1)
    },

    /** A run that went on when the daemon ended. */
    lose: (turn: Turn, run: RunRow): void => {
      const { database, append } = turn.transaction
      const job = jobRows.find(database, run)
      const data = { ...ofRun(run), startedAt: run.started_at }
      if (job && run.attempt <= job.retries) {
        const retryAt = clock.now() + pauseAfter(run.attempt)
        append(draftOf(run, 'job.lost', { ...data, retryAt }))
        runRows.set(database, { ...run, attempt: run.attempt + 1, started_at: null, ready_at: retryAt })
        return
      }
      append(draftOf(run, 'job.lost', data))
      runRows.remove(database, run)
      goOn(turn, run)
    },
  }
}

export type Runs = ReturnType<typeof createRuns>
