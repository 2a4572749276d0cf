// A year of jobs in seconds: schedules of every kind, and a plan of their instants that is worked out here, by counting
// days, and not by asking the daemon. While the year passes the process is killed at any moment, the machine sleeps,
// and the clock is set back.

import { day, minute, morning } from './jobs-room.ts'

/** Numbers from 0 to 1 that are the same for the same seed. */
export const randomOf = (seed: number) => {
  let state = seed >>> 0
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export const yearEnd = morning + 365 * day

export type Planned = {
  schedule: { every: number } | { at: number } | { cron: string; timeZone: 'UTC' }
  instants: number[]
}

const midnight = Math.floor(morning / day) * day
const days = Array.from({ length: 367 }, (_, n) => midnight + n * day)

/** The instants of a year's days on which `is` holds, at these minutes of the day. */
const onDays = (is: (date: Date) => boolean, minutes: readonly number[]): number[] =>
  days
    .filter((start) => is(new Date(start)))
    .flatMap((start) => minutes.map((each) => start + each * minute))
    .filter((instant) => instant > morning && instant <= yearEnd)

/** A random schedule, and all its instants within the year after `morning`. */
export const planOf = (random: () => number): Planned => {
  const whole = (from: number, to: number) => from + Math.floor(random() * (to - from + 1))
  const [at, of] = [whole(0, 59), whole(0, 23)]
  const cron = (text: string, is: (date: Date) => boolean, hours: readonly number[]): Planned => ({
    schedule: { cron: text, timeZone: 'UTC' },
    instants: onDays(
      is,
      hours.map((each) => each * 60 + at),
    ),
  })
  const kind = random()
  if (kind < 0.35) {
    const every = whole(day, 40 * day)
    const instants: number[] = []
    for (let next = morning + every; next <= yearEnd; next += every) instants.push(next)
    return { schedule: { every }, instants }
  }
  if (kind < 0.45) {
    const instant = whole(morning + 1, yearEnd)
    return { schedule: { at: instant }, instants: [instant] }
  }
  if (kind < 0.6) {
    const weekday = whole(0, 6)
    return cron(`${at} ${of} * * ${weekday}`, (date) => date.getUTCDay() === weekday, [of])
  }
  if (kind < 0.75) {
    const date = whole(1, 31)
    return cron(`${at} ${of} ${date} * *`, (each) => each.getUTCDate() === date, [of])
  }
  if (kind < 0.92) {
    const month = whole(1, 12)
    return cron(
      `${at} ${of} 1-5 ${month} *`,
      (each) => each.getUTCMonth() + 1 === month && each.getUTCDate() <= 5,
      [of],
    )
  }
  if (kind < 0.99) return cron(`${at} ${of} * * *`, () => true, [of])
  return cron(`${at} */8 * * *`, () => true, [0, 8, 16])
}
