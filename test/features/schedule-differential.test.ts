// Random expressions against other readers of cron: cron-parser on what is planned while the clock stands still, croner
// and its own view of time zones on what is planned while it changes.

import { expect, test } from 'bun:test'
import { CronExpressionParser } from 'cron-parser'
import { Cron } from 'croner'
import * as fc from 'fast-check'
import { nextRuns, plannedBetween } from '../../src/features/jobs/schedule.ts'
import { cronExpressions } from '../support/cron-arbitrary.ts'
import { cron } from '../support/planned.ts'

const hourMs = 3_600_000
const seed = 20_261_121

const offsetAt = (instant: number, zone: string) =>
  Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone).offsetNanoseconds

/** Within two hours of a change of the clock, where readers of cron differ by choice. */
const nearChange = (instant: number, zone: string) =>
  offsetAt(instant - 2 * hourMs, zone) !== offsetAt(instant + 2 * hourMs, zone)

/** Those that two lists of runs should have in common, however many they left out or added near a change. */
const comparable = (runs: readonly number[], until: number, zone: string) =>
  runs.filter((run) => run <= until && !nearChange(run, zone)).map((run) => new Date(run).toISOString())

/** The next ten as cron-parser sees them; none when it knows of no such day, or gives up looking for it. */
const parserRuns = (expression: string, from: number, zone: string): number[] => {
  try {
    const parsed = CronExpressionParser.parse(expression, { currentDate: new Date(from), tz: zone })
    return Array.from({ length: 10 }, () => parsed.next().getTime())
  } catch {
    return []
  }
}

const moments = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2034, 0, 1) })

test.each(['UTC', 'Europe/Berlin', 'America/New_York', 'America/St_Johns', 'Asia/Kathmandu'])(
  'the next ten runs of 2,000 random expressions in %s are those of another reader',
  (zone) => {
    let compared = 0
    fc.assert(
      fc.property(cronExpressions(), moments, (expression, from) => {
        const theirs = parserRuns(expression, from, zone)
        fc.pre(theirs.length > 0)
        const ours = nextRuns(cron(expression, zone), from, 10, 0)
        const until = Math.min(ours.at(-1) ?? 0, theirs.at(-1) ?? 0)
        const common = comparable(ours, until, zone)
        compared += common.length
        expect(common).toEqual(comparable(theirs, until, zone))
      }),
      { numRuns: 2000, seed },
    )
    expect(compared).toBeGreaterThan(19_000)
  },
  120_000,
)

const restless = [
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'America/Havana',
  'Africa/Casablanca',
  'Australia/Lord_Howe',
  'Antarctica/Troll',
  'Pacific/Apia',
]

/** Up to three days before a change of the clock. */
const beforeChanges = fc
  .tuple(fc.constantFrom(...restless), fc.integer({ min: Date.UTC(2005, 0, 1), max: Date.UTC(2030, 0, 1) }))
  .chain(([zone, around]) => {
    const change = Temporal.Instant.fromEpochMilliseconds(around)
      .toZonedDateTimeISO(zone)
      .getTimeZoneTransition('next')
    const at = change?.epochMilliseconds ?? around
    return fc.record({
      zone: fc.constant(zone),
      from: fc.integer({ min: at - 72 * hourMs, max: at + hourMs }),
    })
  })

test('runs around a change of the clock are those that croner plans in that zone, and as many as are counted', () => {
  fc.assert(
    fc.property(cronExpressions(['LW', '15W', '1W', '31W']), beforeChanges, (expression, { zone, from }) => {
      const options = { timezone: zone, fixedTimeRule: 'no-wildcard' } as const
      const theirs = new Cron(expression, options).nextRuns(40, new Date(from)).map(Number)
      fc.pre(theirs.length > 0)
      const schedule = cron(expression, zone)
      expect(nextRuns(schedule, from, 40, 0)).toEqual(theirs)

      const recent = theirs.filter((run) => run < from + 3000 * 24 * hourMs)
      const until = recent.at(-1) ?? from
      expect(plannedBetween(schedule, from, until, 0, 5)).toEqual({
        planned: recent.slice(-5),
        total: recent.length,
      })
    }),
    { numRuns: 500, seed },
  )
}, 120_000)
