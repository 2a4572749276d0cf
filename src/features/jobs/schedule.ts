// When a job is due: pure arithmetic on schedules, no clock, no database, no timer.

import { Cron } from 'croner'
import { PaidError } from '../../protocol/error.ts'

export type Schedule =
  | { kind: 'cron'; cron: string; timeZone?: string; seconds?: boolean }
  | { kind: 'every'; everyMs: number }
  | { kind: 'at'; at: number }

/** `planned` holds the newest `max` of them, oldest first; `total` counts them all. */
export type Planned = { planned: number[]; total: number }

const cronOf = ({ cron, timeZone, seconds }: Schedule & { kind: 'cron' }): Cron =>
  new Cron(cron, {
    mode: seconds ? '6-part' : '5-part',
    fixedTimeRule: 'no-wildcard',
    ...(timeZone === undefined ? {} : { timezone: timeZone }),
  })

/** Throws `bad_request` that names what is wrong with the schedule and what to write instead. */
export const checkSchedule = (schedule: Schedule): void => {
  if (schedule.kind !== 'cron') return
  try {
    if (cronOf(schedule).nextRun(new Date(0)) !== null) return
  } catch {
    // told below, like an expression that never comes
  }
  throw new PaidError('bad_request', `Invalid cron expression ${JSON.stringify(schedule.cron)}`)
}

/**
 * The first planned instant after `after` (exclusive), or undefined when none is left. All instants are epoch
 * milliseconds. `anchor` is when the job was made: an `every` counts from there.
 */
export const nextAfter = (schedule: Schedule, after: number, anchor: number): number | undefined => {
  if (schedule.kind === 'cron') return cronOf(schedule).nextRun(new Date(after))?.getTime()
  if (schedule.kind === 'at') return schedule.at > after ? schedule.at : undefined
  const turn = Math.max(1, Math.floor((after - anchor) / schedule.everyMs) + 1)
  return anchor + turn * schedule.everyMs
}

/** The next `count` planned instants after `after`, fewer when fewer are left. */
export const nextRuns = (schedule: Schedule, after: number, count: number, anchor: number): number[] => {
  const runs: number[] = []
  for (let last = after; runs.length < count;) {
    const next = nextAfter(schedule, last, anchor)
    if (next === undefined) break
    runs.push(next)
    last = next
  }
  return runs
}

/** What was planned after `after` up to and with `until`: the firings a sleeping machine missed. */
export const plannedBetween = (
  schedule: Schedule,
  after: number,
  until: number,
  anchor: number,
  max: number,
): Planned => {
  const planned: number[] = []
  let total = 0
  for (let last = after; ; total++) {
    const next = nextAfter(schedule, last, anchor)
    if (next === undefined || next > until) return { planned, total }
    planned.push(next)
    if (planned.length > max) planned.shift()
    last = next
  }
}
