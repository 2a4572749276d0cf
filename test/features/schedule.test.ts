// When a job is due: what an expression means, what is refused, and what a sleeping machine missed.

import { describe, expect, test } from 'bun:test'
import { checkSchedule, nextAfter, nextRuns, plannedBetween } from '../../src/features/jobs/schedule.ts'
import type { Schedule } from '../../src/features/jobs/schedule.ts'
import { PaidError } from '../../src/protocol/error.ts'
import { cron, instantOf, runsAfter, wallOf } from '../support/planned.ts'

const saturday = '2026-11-21T10:15:30'
const dates = (expression: string, count: number, wall = saturday) =>
  runsAfter(expression, wall, count).map((run) => run.replace(/:00\+00:00$/, ''))

const refusal = (schedule: Schedule): PaidError => {
  try {
    checkSchedule(schedule)
  } catch (error) {
    if (error instanceof PaidError) return error
    throw error
  }
  throw new Error(`${JSON.stringify(schedule)} was taken`)
}

describe('a cron expression', () => {
  // each row: what is written, the next runs after Saturday 2026-11-21 10:15:30
  test.each([
    ['0 * * * *', ['2026-11-21 11:00', '2026-11-21 12:00']],
    ['*/5 * * * *', ['2026-11-21 10:20', '2026-11-21 10:25']],
    ['5/20 * * * *', ['2026-11-21 10:25', '2026-11-21 10:45', '2026-11-21 11:05']],
    ['0 9 * * 1-5', ['2026-11-23 09:00', '2026-11-24 09:00']],
    ['0 0 1 * *', ['2026-12-01 00:00', '2027-01-01 00:00']],
    ['0 0 1 1 *', ['2027-01-01 00:00', '2028-01-01 00:00']],
    ['* 5 * * *', ['2026-11-22 05:00', '2026-11-22 05:01']],
    ['0 0 * * 7', ['2026-11-22 00:00', '2026-11-29 00:00']],
    ['0 0 * * 5-7', ['2026-11-22 00:00', '2026-11-27 00:00', '2026-11-28 00:00']],
    ['0 0 * * sat-SUN', ['2026-11-22 00:00', '2026-11-28 00:00']],
    ['0,30 8-18 * * *', ['2026-11-21 10:30', '2026-11-21 11:00']],
    ['0 12 * JAN,MAR *', ['2027-01-01 12:00', '2027-01-02 12:00']],
    ['0 0 29 2 *', ['2028-02-29 00:00', '2032-02-29 00:00']],
    ['0 0 L * *', ['2026-11-30 00:00', '2026-12-31 00:00', '2027-01-31 00:00', '2027-02-28 00:00']],
    ['0 0 LW * *', ['2026-11-30 00:00', '2026-12-31 00:00', '2027-01-29 00:00']],
    ['0 0 15W * *', ['2026-12-15 00:00', '2027-01-15 00:00', '2027-02-15 00:00', '2027-03-15 00:00']],
    ['0 0 1W * *', ['2026-12-01 00:00', '2027-01-01 00:00', '2027-02-01 00:00']],
    ['0 0 * * FRI#2', ['2026-12-11 00:00', '2027-01-08 00:00']],
    ['0 0 * * 5L', ['2026-11-27 00:00', '2026-12-25 00:00']],
    ['0 0 ? * MON', ['2026-11-23 00:00', '2026-11-30 00:00']],
    ['@hourly', ['2026-11-21 11:00', '2026-11-21 12:00']],
    ['@daily', ['2026-11-22 00:00', '2026-11-23 00:00']],
    ['@midnight', ['2026-11-22 00:00']],
    ['@Weekly', ['2026-11-22 00:00', '2026-11-29 00:00']],
    ['@monthly', ['2026-12-01 00:00']],
    ['@yearly', ['2027-01-01 00:00']],
    [' 0\t9  * * * ', ['2026-11-22 09:00']],
  ])('%s comes when it says', (expression, expected) => {
    expect(() => checkSchedule(cron(expression))).not.toThrow()
    expect(dates(expression, expected.length)).toEqual(expected)
  })

  test('with day of month and weekday both set comes on either', () => {
    const expected = ['2026-11-27 00:00', '2026-12-04 00:00', '2026-12-11 00:00', '2026-12-13 00:00']
    expect(dates('0 0 13 * 5', 4)).toEqual(expected)
  })

  test('that comes once in 28 years is found', () => {
    expect(dates('0 0 * 2 1#5', 2)).toEqual(['2044-02-29 00:00', '2072-02-29 00:00'])
  })

  test('is planned after the instant it is asked for, never at it', () => {
    expect(dates('0 9 * * *', 1, '2026-11-21T09:00:00')).toEqual(['2026-11-22 09:00'])
    expect(dates('0 9 * * *', 1, '2026-11-21T08:59:59.999')).toEqual(['2026-11-21 09:00'])
  })

  test('has seconds only when they are asked for', () => {
    const schedule: Schedule = { ...cron('*/20 59 23 31 12 *'), seconds: true }
    expect(nextRuns(schedule, instantOf(saturday), 4, 0).map((run) => wallOf(run))).toEqual([
      '2026-12-31 23:59:00+00:00',
      '2026-12-31 23:59:20+00:00',
      '2026-12-31 23:59:40+00:00',
      '2027-12-31 23:59:00+00:00',
    ])
    expect(refusal(cron('*/20 59 23 31 12 *')).hint).toContain('seconds')
    expect(refusal({ ...cron('0 9 * * *'), seconds: true }).message).toContain('expected are 6')
    expect(nextAfter({ ...cron('@hourly'), seconds: true }, instantOf(saturday), 0)).toBe(
      instantOf('2026-11-21T11:00'),
    )
  })

  test('without a zone is read on the clock of the machine', () => {
    const zone = Temporal.Now.timeZoneId()
    const next = nextAfter({ kind: 'cron', cron: '0 9 * * *' }, instantOf(saturday, zone), 0)
    expect(next).toBe(instantOf('2026-11-22T09:00', zone))
  })

  test('in a zone is read on the clock there', () => {
    expect(runsAfter('0 9 * * *', '2026-11-21T10:00', 1, 'Asia/Kathmandu')).toEqual([
      '2026-11-22 09:00:00+05:45',
    ])
  })
})

describe('refused is', () => {
  test.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['not a cron', '3 fields'],
    ['* * * *', '4 fields'],
    ['0 * * * * *', '6 fields'],
    ['0 0 * * * * 2026', '7 fields'],
    ['60 * * * *', 'minute 60'],
    ['* 24 * * *', 'hour 24'],
    ['* * 0 * *', 'day of month 0'],
    ['* * 32 * *', 'day of month 32'],
    ['* * * 13 *', 'month 13'],
    ['* * * 0 *', 'month 0'],
    ['* * * * 8', 'weekday 8'],
    ['5-1 * * * *', 'backwards'],
    ['* * * * FRI-MON', 'backwards'],
    ['*/0 * * * *', 'step'],
    ['*/90 * * * *', 'step'],
    ['*/5/5 * * * *', 'minute'],
    ['*/ * * * *', 'minute'],
    ['/5 * * * *', 'minute'],
    ['0-70/5 * * * *', 'minute 70'],
    ['5x * * * *', '5X'],
    ['1.5 * * * *', '1.5'],
    ['1e1 * * * *', '1E1'],
    ['-5 * * * *', 'minute'],
    ['+5 * * * *', 'minute'],
    ['1,,2 * * * *', 'empty place'],
    ['? * * * *', 'minute'],
    ['٥ * * * *', 'minute'],
    ['* * * MON *', 'month'],
    ['* * * * MONDAY', 'weekday'],
    ['* * * * L', 'weekday'],
    ['* * * * 5#6', 'weekday'],
    ['* * * * 5#0', 'weekday'],
    ['* * L-3 * *', 'day of month'],
    ['* * LW,1 * *', 'LW'],
    ['* * 1-5W * *', '5W'],
    ['* L * * *', 'hour'],
    ['@reboot', 'nickname'],
    ['@every 5m', 'nickname'],
    ['0 0 30 2 *', 'never comes'],
    ['0 0 31 2,4,6,9,11 *', 'never comes'],
    ['0 0 30W 2 *', 'never comes'],
    [`${'1,'.repeat(600)}1 * * * *`, 'longer'],
  ])('the expression %p, naming what is wrong', (expression, named) => {
    const { code, message, hint } = refusal(cron(expression))
    expect(code).toBe('bad_request')
    expect(message).toStartWith('Invalid cron expression ')
    expect(message).toContain(named)
    expect(hint).not.toBe('')
    expect(message.length).toBeLessThan(300)
  })

  test('a time zone nobody knows, and the one that was meant is named', () => {
    expect(refusal(cron('0 9 * * *', 'Europe/Berln')).hint).toBe('Did you mean Europe/Berlin?')
    expect(refusal(cron('0 9 * * *', 'New York')).hint).toBe('Did you mean America/New_York?')
    expect(refusal(cron('0 9 * * *', 'Mars/Base')).hint).toContain('Europe/Berlin, or UTC')
    expect(refusal(cron('0 9 * * *', '')).code).toBe('bad_request')
  })

  test.each([0, -1, 999, 1.5, Number.NaN, Infinity, 4000 * 86_400_000])('a span of %p ms', (everyMs) => {
    expect(refusal({ kind: 'every', everyMs }).code).toBe('bad_request')
  })

  test.each([Number.NaN, -1, 1.5, Date.UTC(3000, 0, 1)])('the instant %p', (at) => {
    expect(refusal({ kind: 'at', at }).code).toBe('bad_request')
  })
})

describe('a job that comes every while', () => {
  const every: Schedule = { kind: 'every', everyMs: 900_000 }

  test('counts from when it was made', () => {
    expect(nextRuns(every, 1_000, 3, 1_000)).toEqual([901_000, 1_801_000, 2_701_000])
    expect(nextAfter(every, 901_000, 1_000)).toBe(1_801_000)
    expect(nextAfter(every, 1_800_999, 1_000)).toBe(1_801_000)
  })

  test('waits for its first turn when the clock was set back before it was made', () => {
    expect(nextAfter(every, 0, 10_000_000)).toBe(10_900_000)
  })
})

test('a job for one instant comes once', () => {
  const once: Schedule = { kind: 'at', at: 5_000 }
  expect(nextRuns(once, 4_999, 3, 0)).toEqual([5_000])
  expect(nextAfter(once, 5_000, 0)).toBeUndefined()
  expect(plannedBetween(once, 0, 10_000, 0, 5)).toEqual({ planned: [5_000], total: 1 })
})

describe('what a sleeping machine missed', () => {
  const wake = instantOf('2026-11-21T10:00')

  test('is counted whole, and the newest are named, oldest first', () => {
    const { planned, total } = plannedBetween(cron('*/15 * * * *'), wake - 3_600_000 * 24 * 365, wake, 0, 3)
    expect(total).toBe(4 * 24 * 365)
    expect(planned.map((run) => wallOf(run).slice(11, 16))).toEqual(['09:30', '09:45', '10:00'])
  })

  test('begins after the last one and ends with now', () => {
    const hourly = cron('0 * * * *')
    const all = plannedBetween(hourly, instantOf('2026-11-21T07:00'), wake, 0, 10)
    expect(all.planned.map((run) => wallOf(run).slice(11, 16))).toEqual(['08:00', '09:00', '10:00'])
    expect(plannedBetween(hourly, instantOf('2026-11-21T09:00'), wake - 1, 0, 10).total).toBe(0)
    expect(plannedBetween(hourly, wake, wake - 7_200_000, 0, 10)).toEqual({ planned: [], total: 0 })
  })

  test('of a job that comes every while is counted from when it was made', () => {
    const every: Schedule = { kind: 'every', everyMs: 1_000 }
    expect(plannedBetween(every, 5_500, 9_500_000, 500, 2)).toEqual({
      planned: [9_498_500, 9_499_500],
      total: 9_494,
    })
  })

  test('is looked for ten years back, not further', () => {
    expect(plannedBetween(cron('0 0 * * *'), 0, wake, 0, 1).total).toBe(3650)
  })
})
