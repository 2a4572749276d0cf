// When a job is due: pure arithmetic on schedules, with no clock, database or timer of its own. Instants are epoch
// milliseconds.
//
// Promises: what it plans is strictly later and later, in any zone and over any change of the clock (see cron.ts for the
// hour that does not exist and the one that comes twice), so an instant is a key. An answer takes microseconds, also
// for an expression that comes every 28 years and for a machine that slept for months.
// Refuses: an expression it would have to guess at, one that never comes, a zone nobody knows.

import { PaidError } from '../../protocol/error.ts'
import { openCron, runsOf, type Run } from './cron.ts'
import { machineZone, openZone, zonesLike, type Zone } from './zone.ts'

export type Schedule =
  | { kind: 'cron'; cron: string; timeZone?: string | undefined; seconds?: boolean | undefined }
  | { kind: 'every'; everyMs: number }
  | { kind: 'at'; at: number }

/** `planned` holds the newest `max` of them, oldest first; `total` counts them all. */
export type Planned = { planned: number[]; total: number }

const lastInstant = Date.UTC(3000, 0, 1) - 1
const shortestMs = 1000
const longestMs = 3650 * 86_400_000

const zoneNamed = (name: string): Zone => {
  try {
    return openZone(name)
  } catch {
    const like = zonesLike(name)
    throw new PaidError(
      'bad_request',
      `There is no time zone ${JSON.stringify(name.slice(0, 80))}`,
      like.length > 0 ? `Did you mean ${like.join(' or ')}?` : 'Write a name like Europe/Berlin, or UTC.',
    )
  }
}

/** Throws `bad_request` that names what is wrong with the schedule and what to write instead. */
export const checkSchedule = (schedule: Schedule): void => {
  if (schedule.kind === 'cron') {
    openCron(schedule.cron, schedule.seconds)
    if (schedule.timeZone !== undefined) zoneNamed(schedule.timeZone)
  } else if (schedule.kind === 'every') {
    const { everyMs } = schedule
    if (!Number.isSafeInteger(everyMs) || everyMs < shortestMs || everyMs > longestMs)
      throw new PaidError(
        'bad_request',
        'The span between two runs is 1s to 3650d',
        'Write 30s, 15m, 2h or 1d.',
      )
  } else if (!Number.isSafeInteger(schedule.at) || schedule.at < 0 || schedule.at > lastInstant) {
    throw new PaidError(
      'bad_request',
      'This instant is no date up to the year 2999',
      'Write it like 2030-01-31T09:00:00Z.',
    )
  }
}

/** Instants `anchor + n * everyMs`, n from 1, counted up to and with `until`. */
const turnsUntil = (everyMs: number, until: number, anchor: number) =>
  Math.max(0, Math.floor((until - anchor) / everyMs))

/** All that is planned after `after`, up to and with `until`. */
const runsBetween = function* (
  schedule: Schedule,
  after: number,
  until: number,
  anchor: number,
): Generator<Run> {
  if (schedule.kind === 'cron') {
    const second = (instant: number) => (Math.floor(instant / 1000) + 1) * 1000
    const zone = zoneNamed(schedule.timeZone ?? machineZone())
    yield* runsOf(openCron(schedule.cron, schedule.seconds), zone, second(after), second(until))
  } else if (schedule.kind === 'every') {
    const { everyMs } = schedule
    const had = turnsUntil(everyMs, after, anchor)
    const count = turnsUntil(everyMs, until, anchor) - had
    if (count > 0) yield { count, at: (index) => anchor + (had + 1 + index) * everyMs }
  } else if (schedule.at > after && schedule.at <= until) yield { count: 1, at: () => schedule.at }
}

/** The next `count` planned instants after `after`, fewer when fewer are left. */
export const nextRuns = (schedule: Schedule, after: number, count: number, anchor: number): number[] => {
  const planned: number[] = []
  for (const run of runsBetween(schedule, after, lastInstant, anchor)) {
    for (let index = 0; index < run.count && planned.length < count; index++) planned.push(run.at(index))
    if (planned.length >= count) break
  }
  return planned
}

/**
 * The first planned instant after `after` (exclusive), or undefined when none is left. `anchor` is when the job was
 * made: an `every` counts from there.
 */
export const nextAfter = (schedule: Schedule, after: number, anchor: number): number | undefined =>
  nextRuns(schedule, after, 1, anchor)[0]

/**
 * What was planned after `after` up to and with `until`: the firings that a sleeping machine missed. Looks back ten
 * years at most.
 */
export const plannedBetween = (
  schedule: Schedule,
  after: number,
  until: number,
  anchor: number,
  max: number,
): Planned => {
  const runs = [...runsBetween(schedule, Math.max(after, until - longestMs), until, anchor)]
  const total = runs.reduce((sum, { count }) => sum + count, 0)
  const planned: number[] = []
  for (const run of runs.toReversed())
    for (let index = run.count - 1; index >= 0 && planned.length < max; index--) planned.push(run.at(index))
  return { planned: planned.toReversed(), total }
}
