// Schedules as tests write them, and planned instants as people read them.

import { nextRuns, type Schedule } from '../../src/features/jobs/schedule.ts'

export const cron = (expression: string, timeZone = 'UTC'): Schedule & { kind: 'cron' } => ({
  kind: 'cron',
  cron: expression,
  timeZone,
})

/** A wall time like "2026-03-29T02:30" in a zone, as an instant. */
export const instantOf = (wall: string, timeZone = 'UTC'): number =>
  Temporal.PlainDateTime.from(wall).toZonedDateTime(timeZone).epochMilliseconds

/** "2026-03-29 03:00:00+02:00": what the clock on the wall shows, and how far it is ahead. */
export const wallOf = (instant: number, timeZone = 'UTC'): string =>
  Temporal.Instant.fromEpochMilliseconds(instant)
    .toZonedDateTimeISO(timeZone)
    .toString({ timeZoneName: 'never', fractionalSecondDigits: 0 })
    .replace('T', ' ')

/** The next runs of an expression after a wall time, as wall times. */
export const runsAfter = (expression: string, wall: string, count = 1, timeZone = 'UTC'): string[] =>
  nextRuns(cron(expression, timeZone), instantOf(wall, timeZone), count, 0).map((run) =>
    wallOf(run, timeZone),
  )
