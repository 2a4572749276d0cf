// Which planned firings of a job are due, and what becomes of them: those of the last minute happen, older ones were
// missed (the machine slept, the daemon was down, the clock was set forward) and are dealt with as the job says.

import { limits } from '../../protocol/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { jobRows, runRows, scheduleOf, type JobRow } from './rows.ts'
import { longestPauseMs, type Runs, type Turn } from './runs.ts'
import type * as schedules from './schedule.ts'
import { draftOf } from './job-events.ts'

/** loaded when it is needed: see work.ts */
export type Arithmetic = typeof schedules

/** jobs that one transaction looks at: others get in between */
const atOnce = 50
/** planned instants that are told one by one: those that `run-all` makes up for, and the last minute's */
const mostPlanned = limits.jobLine + limits.jobLateMs / 1000 + 1

export const createFirings = (runs: Runs, logger: Logger) => {
  /** What its schedule says, or undefined for one that means nothing any more (its time zone is gone): then it stops. */
  const reckon = <T>({ transaction }: Turn, job: JobRow, now: number, work: () => T): T | undefined => {
    try {
      return work()
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      logger.error('the schedule of a job cannot be worked out; it is paused', { job: job.id, error })
      jobRows.plan(transaction.database, { ...job, next_at: null, paused: 1 }, now)
      transaction.append(draftOf(job, 'job.paused', { why }))
      return undefined
    }
  }

  const fire = (turn: Turn, job: JobRow, arithmetic: Arithmetic, now: number): void => {
    const { append, database } = turn.transaction
    const { next_at: first, anchor } = job
    if (first === null) return
    const found = reckon(turn, job, now, () => {
      const schedule = scheduleOf(job)
      const later = arithmetic.plannedBetween(schedule, first, now, anchor, mostPlanned)
      return {
        planned: later.total > later.planned.length ? later.planned : [first, ...later.planned],
        total: later.total + 1,
        next: arithmetic.nextAfter(schedule, now, anchor),
      }
    })
    if (!found) return
    const { planned, total, next } = found
    jobRows.plan(database, { ...job, next_at: next ?? null }, now)
    const onTime = planned.filter((instant) => instant >= now - limits.jobLateMs)
    const missed = planned.filter((instant) => instant < now - limits.jobLateMs)
    const madeUp =
      job.missed === 'run-all'
        ? missed.slice(-limits.jobLine)
        : job.missed === 'run-once' && onTime.length === 0
          ? missed.slice(-1)
          : []
    if (missed.length > 0)
      append(
        draftOf(job, 'job.missed', {
          count: total - onTime.length,
          from: first,
          until: missed.at(-1),
          policy: job.missed,
          runs: madeUp.length,
        }),
      )
    const mayWait = job.overlap === 'queue' || madeUp.length > 1
    for (const instant of [...madeUp, ...onTime]) runs.offer(turn, job, instant, mayWait)
  }

  return {
    /** Begins what is due; true when more may be. */
    due: (turn: Turn, arithmetic: Arithmetic, now: number): boolean => {
      const { database } = turn.transaction
      const again = runRows.ready(database, now, atOnce)
      for (const run of again) runs.again(turn, run)
      const jobs = jobRows.due(database, now, atOnce)
      for (const job of jobs) fire(turn, job, arithmetic, now)
      return again.length === atOnce || jobs.length === atOnce
    },

    /** The clock was set back: what was planned by a later one is planned anew. True when more may be. */
    replan: (turn: Turn, arithmetic: Arithmetic, now: number): boolean => {
      const { database } = turn.transaction
      runRows.hasten(database, now + longestPauseMs)
      const jobs = jobRows.ahead(database, now, atOnce)
      for (const job of jobs) {
        const anchor = Math.min(job.anchor, now)
        const next = reckon(turn, job, now, () => arithmetic.nextAfter(scheduleOf(job), now, anchor))
        if (next !== undefined) jobRows.plan(database, { ...job, next_at: next, anchor }, now)
      }
      return jobs.length === atOnce
    },
  }
}
