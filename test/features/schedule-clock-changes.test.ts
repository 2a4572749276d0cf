// The hour that does not exist and the hour that comes twice, in tables checked by hand against the zones' own rules.

import { describe, expect, test } from 'bun:test'
import { nextRuns, plannedBetween } from '../../src/features/jobs/schedule.ts'
import { cron, instantOf, runsAfter, wallOf } from '../support/planned.ts'

/** Runs of 2026 after a wall time, as "03-29 03:00+02:00". */
const runs = (zone: string, expression: string, wall: string, count: number) =>
  runsAfter(expression, wall, count, zone).map((run) => run.replace(/^2026-/, '').replace(/:00([+-])/, '$1'))

type Row = [expression: string, expected: string[]]

// 29 March 2026: 02:00 becomes 03:00
describe('when the clock goes forward in Berlin', () => {
  test.each<Row>([
    ['30 2 * * *', ['03-29 03:00+02:00', '03-30 02:30+02:00']],
    ['0 2 * * *', ['03-29 03:00+02:00', '03-30 02:00+02:00']],
    ['0 3 * * *', ['03-29 03:00+02:00', '03-30 03:00+02:00']],
    ['59 1 * * *', ['03-29 01:59+01:00', '03-30 01:59+02:00']],
    ['0,30 2 * * *', ['03-29 03:00+02:00', '03-30 02:00+02:00', '03-30 02:30+02:00']],
    ['30 2,3 * * *', ['03-29 03:00+02:00', '03-29 03:30+02:00', '03-30 02:30+02:00']],
    ['0 2,3 * * *', ['03-29 03:00+02:00', '03-30 02:00+02:00', '03-30 03:00+02:00']],
    ['30 2 29 3 *', ['03-29 03:00+02:00', '2027-03-29 02:30+02:00']],
    ['30 2 * * 0', ['03-29 03:00+02:00', '04-05 02:30+02:00']],
    ['30 2 * * 1', ['03-30 02:30+02:00']],
    ['*/30 2 * * *', ['03-30 02:00+02:00', '03-30 02:30+02:00']],
  ])('%s', (expression, expected) => {
    expect(runs('Europe/Berlin', expression, '2026-03-28T12:00', expected.length)).toEqual(expected)
  })

  test.each<Row>([
    ['*/30 * * * *', ['03-29 01:30+01:00', '03-29 03:00+02:00', '03-29 03:30+02:00']],
    ['30 * * * *', ['03-29 01:30+01:00', '03-29 03:30+02:00', '03-29 04:30+02:00']],
    ['0 */2 * * *', ['03-29 04:00+02:00', '03-29 06:00+02:00']],
    ['30 0-23 * * *', ['03-29 01:30+01:00', '03-29 03:30+02:00']],
  ])('%s', (expression, expected) => {
    expect(runs('Europe/Berlin', expression, '2026-03-29T01:00', expected.length)).toEqual(expected)
  })
})

// 25 October 2026: 03:00 becomes 02:00
describe('when the clock goes back in Berlin', () => {
  test.each<Row>([
    ['30 2 * * *', ['10-25 02:30+02:00', '10-26 02:30+01:00']],
    ['0 2 * * *', ['10-25 02:00+02:00', '10-26 02:00+01:00']],
    ['0 3 * * *', ['10-25 03:00+01:00', '10-26 03:00+01:00']],
    ['0,30 2 * * *', ['10-25 02:00+02:00', '10-25 02:30+02:00', '10-26 02:00+01:00']],
    ['30 2 * * 0', ['10-25 02:30+02:00', '11-01 02:30+01:00']],
    ['0 */2 * * *', ['10-25 02:00+02:00', '10-25 02:00+01:00', '10-25 04:00+01:00']],
    ['30 * * * *', ['10-25 01:30+02:00', '10-25 02:30+02:00', '10-25 02:30+01:00', '10-25 03:30+01:00']],
    [
      '*/30 2 * * 0',
      [
        '10-25 02:00+02:00',
        '10-25 02:30+02:00',
        '10-25 02:00+01:00',
        '10-25 02:30+01:00',
        '11-01 02:00+01:00',
      ],
    ],
  ])('%s', (expression, expected) => {
    expect(runs('Europe/Berlin', expression, '2026-10-25T01:00', expected.length)).toEqual(expected)
  })

  test('a job that had its time is not planned in the second hour, also after a restart in it', () => {
    const inSecondHour = instantOf('2026-10-25T03:00', 'Europe/Berlin') - 45 * 60_000
    expect(wallOf(inSecondHour, 'Europe/Berlin')).toBe('2026-10-25 02:15:00+01:00')
    const next = nextRuns(cron('30 2 * * *', 'Europe/Berlin'), inSecondHour, 1, 0)
    expect(next.map((run) => wallOf(run, 'Europe/Berlin'))).toEqual(['2026-10-26 02:30:00+01:00'])
  })
})

describe.each<[what: string, zone: string, wall: string, rows: Row[]]>([
  // 8 March 2026: 02:00 becomes 03:00
  [
    'forward in New York',
    'America/New_York',
    '2026-03-08T00:30',
    [
      ['30 2 * * *', ['03-08 03:00-04:00', '03-09 02:30-04:00']],
      ['*/30 * * * *', ['03-08 01:00-05:00', '03-08 01:30-05:00', '03-08 03:00-04:00']],
    ],
  ],
  // 1 November 2026: 02:00 becomes 01:00
  [
    'back in New York',
    'America/New_York',
    '2026-11-01T00:30',
    [
      ['30 1 * * *', ['11-01 01:30-04:00', '11-02 01:30-05:00']],
      ['0 2 * * *', ['11-01 02:00-05:00', '11-02 02:00-05:00']],
      ['30 * * * *', ['11-01 01:30-04:00', '11-01 01:30-05:00', '11-01 02:30-05:00']],
    ],
  ],
  // 4 October 2026: 02:00 becomes 02:30
  [
    'forward by half an hour on Lord Howe',
    'Australia/Lord_Howe',
    '2026-10-04T00:50',
    [
      ['15 2 * * *', ['10-04 02:30+11:00', '10-05 02:15+11:00']],
      ['45 2 * * *', ['10-04 02:45+11:00', '10-05 02:45+11:00']],
      ['0 * * * *', ['10-04 01:00+10:30', '10-04 03:00+11:00', '10-04 04:00+11:00']],
      [
        '*/15 * * * *',
        [
          '10-04 01:00+10:30',
          '10-04 01:15+10:30',
          '10-04 01:30+10:30',
          '10-04 01:45+10:30',
          '10-04 02:30+11:00',
        ],
      ],
    ],
  ],
  // 5 April 2026: 02:00 becomes 01:30
  [
    'back by half an hour on Lord Howe',
    'Australia/Lord_Howe',
    '2026-04-05T01:20',
    [
      ['45 1 * * *', ['04-05 01:45+11:00', '04-06 01:45+10:30']],
      ['15 1 * * *', ['04-06 01:15+10:30']],
      ['0 2 * * *', ['04-05 02:00+10:30', '04-06 02:00+10:30']],
      [
        '*/15 * * * *',
        [
          '04-05 01:30+11:00',
          '04-05 01:45+11:00',
          '04-05 01:30+10:30',
          '04-05 01:45+10:30',
          '04-05 02:00+10:30',
        ],
      ],
    ],
  ],
  // Ramadan, 15 February 2026: 03:00 becomes 02:00
  [
    'back for Ramadan in Casablanca',
    'Africa/Casablanca',
    '2026-02-15T01:50',
    [
      ['30 2 * * *', ['02-15 02:30+01:00', '02-16 02:30+00:00']],
      ['30 * * * *', ['02-15 02:30+01:00', '02-15 02:30+00:00', '02-15 03:30+00:00']],
    ],
  ],
  // after Ramadan, 22 March 2026: 02:00 becomes 03:00
  [
    'forward after Ramadan in Casablanca',
    'Africa/Casablanca',
    '2026-03-22T01:20',
    [
      ['30 2 * * *', ['03-22 03:00+01:00', '03-23 02:30+01:00']],
      ['30 * * * *', ['03-22 01:30+00:00', '03-22 03:30+01:00']],
    ],
  ],
  // 8 March 2026: 02:00 becomes 03:00
  [
    'forward in St. John’s',
    'America/St_Johns',
    '2026-03-08T01:20',
    [
      ['30 2 * * *', ['03-08 03:00-02:30', '03-09 02:30-02:30']],
      ['*/30 * * * *', ['03-08 01:30-03:30', '03-08 03:00-02:30']],
    ],
  ],
  // 7 November 2010, while its clock still changed a minute after midnight: 00:01 becomes 23:01 of the day before
  [
    'back over midnight in St. John’s',
    'America/St_Johns',
    '2010-11-06T22:30',
    [
      ['0 0 * * *', ['2010-11-07 00:00-02:30', '2010-11-08 00:00-03:30']],
      [
        '*/30 23 * * 6',
        [
          '2010-11-06 23:00-02:30',
          '2010-11-06 23:30-02:30',
          '2010-11-06 23:30-03:30',
          '2010-11-13 23:00-03:30',
        ],
      ],
      ['30 23 * * *', ['2010-11-06 23:30-02:30', '2010-11-07 23:30-03:30']],
      [
        '*/30 * * * *',
        [
          '2010-11-06 23:00-02:30',
          '2010-11-06 23:30-02:30',
          '2010-11-07 00:00-02:30',
          '2010-11-06 23:30-03:30',
          '2010-11-07 00:00-03:30',
        ],
      ],
    ],
  ],
  // 8 March 2026: 00:00 becomes 01:00
  [
    'forward at midnight in Havana',
    'America/Havana',
    '2026-03-07T22:30',
    [
      ['0 0 * * *', ['03-08 01:00-04:00', '03-09 00:00-04:00']],
      ['0 0 8 * *', ['03-08 01:00-04:00', '04-08 00:00-04:00']],
      ['0 * * * *', ['03-07 23:00-05:00', '03-08 01:00-04:00']],
    ],
  ],
  // 1 November 2026: 01:00 becomes 00:00
  [
    'back to midnight in Havana',
    'America/Havana',
    '2026-10-31T23:30',
    [
      ['0 0 * * *', ['11-01 00:00-04:00', '11-02 00:00-05:00']],
      ['0 * * * *', ['11-01 00:00-04:00', '11-01 00:00-05:00', '11-01 01:00-05:00']],
    ],
  ],
  // 30 December 2011 was left out
  [
    'forward by a whole day in Samoa',
    'Pacific/Apia',
    '2011-12-29T12:00',
    [
      ['30 9 * * *', ['2011-12-31 09:30+14:00', '2012-01-01 09:30+14:00']],
      ['0 0 30 * *', ['2012-01-30 00:00+14:00']],
    ],
  ],
  [
    'never in Kathmandu',
    'Asia/Kathmandu',
    '2026-03-28T12:00',
    [['30 2 * * *', ['03-29 02:30+05:45', '03-30 02:30+05:45']]],
  ],
])('when the clock goes %s', (_what, zone, wall, rows) => {
  test.each(rows)('%s', (expression, expected) => {
    expect(runs(zone, expression, wall, expected.length)).toEqual(expected)
  })
})

test.each([
  ['30 2 * * *', 365],
  ['*/15 * * * *', 365 * 96],
  ['*/15 2 * * *', 365 * 4],
  ['0 2,3 * * *', 365 * 2 - 1],
])('a year of %s is counted over both changes of the clock', (expression, total) => {
  const [from, until] = ['2026-01-01T00:00', '2027-01-01T00:00'].map(
    (wall) => instantOf(wall, 'Europe/Berlin') - 1000,
  )
  const missed = plannedBetween(cron(expression, 'Europe/Berlin'), from ?? 0, until ?? 0, 0, 1)
  expect(missed.total).toBe(total)
})
