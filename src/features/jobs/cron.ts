// A cron expression in a time zone, as runs of planned instants.
//
// The days come from croner, in wall time. The clock is ours, and its changes are treated so:
// A job that names its times of day (`30 2 * * *`, `0,30 2 * * *`: no star and no step in seconds, minutes and hours)
// is planned once for each of them. In an hour that does not exist (the clock goes forward) it is planned at the first
// instant after it, once, however many of its times were in there. In an hour that comes twice, the first time.
// A job that goes round and round (`*/15 * * * *`, `0 * * * *`) follows the clock on the wall: nothing is planned in an
// hour that does not exist, and in an hour that comes twice it is planned in both.
// So do the cron of the Unix systems and croner with `fixedTimeRule: 'no-wildcard'`.

import { PaidError } from '../../protocol/error.ts'
import { memo } from '../../lib/memo.ts'
import { dayMs, openDays, type Days } from './cron-days.ts'
import { createTimes, type Times } from './cron-times.ts'
import { readCron } from './cron-words.ts'
import type { Stretch, Zone } from './zone.ts'

export type Cron = { readonly days: Days; readonly times: Times; readonly fixed: boolean }

/** Planned instants that follow each other, without each being made: `at(0)` is the first of `count`. */
export type Run = { readonly count: number; readonly at: (index: number) => number }

const dayOf = (wall: number) => Math.floor(wall / dayMs) * dayMs

const cronOf = (text: string, seconds: boolean): Cron => {
  const words = readCron(text, seconds)
  const days = openDays(words.days)
  if (days(0) === undefined)
    throw new PaidError(
      'bad_request',
      `Invalid cron expression ${JSON.stringify(text)}: it never comes, no month has such a day`,
      'Check day of month and month; `L` is the last day of any month.',
    )
  return { days, times: createTimes(words.hours, words.minutes, words.seconds), fixed: words.fixed }
}

const five = memo(1000, (text) => cronOf(text, false))
const six = memo(1000, (text) => cronOf(text, true))

/** Reads an expression, with seconds or without; throws `bad_request` for one that is wrong or never comes. */
export const openCron = (text: string, seconds = false): Cron => (seconds ? six(text) : five(text))

/** True when a job that names its times missed one in the hour left out, and none is at its very end anyhow. */
const heldBack = ({ days, times }: Cron, { start, offset, before }: Stretch): boolean => {
  const opened = start + offset
  const day = dayOf(opened)
  const shut = Math.max(start + before, day)
  if (shut >= opened || days(day) !== day) return false
  const reached = times.before(opened - day)
  return reached > times.before(shut - day) && times.before(opened - day + 1000) === reached
}

/** Everything planned from `from` (inclusive) to `until` (exclusive), both whole seconds, in order. */
export function* runsOf(cron: Cron, zone: Zone, from: number, until: number): Generator<Run, undefined> {
  const { days, times, fixed } = cron
  for (let instant = from; instant < until;) {
    const stretch = zone(instant)
    const { start, end, offset, before } = stretch
    if (fixed && instant === start && heldBack(cron, stretch)) yield { count: 1, at: () => start }
    const wall = Math.max(instant + offset, fixed ? start + before : -Infinity)
    const wallEnd = Math.min(end, until) + offset
    for (let day = days(dayOf(wall)); day !== undefined && day < wallEnd; day = days(day + dayMs)) {
      const midnight = day
      const first = times.before(Math.max(wall - midnight, 0))
      const count = times.before(Math.min(wallEnd - midnight, dayMs)) - first
      if (count > 0) yield { count, at: (index) => midnight + times.at(first + index) - offset }
    }
    // what is planned days ahead is looked for there: no need to walk the clock changes until then. A clock that goes
    // back comes to the day before again
    const ahead = days(dayOf(wallEnd) - dayMs)
    if (ahead === undefined) return
    instant = Math.max(end, ahead - offset - 2 * dayMs)
  }
}
