import { expect, test } from 'bun:test'
import { formatDuration, parseDuration } from '../../src/lib/duration.ts'

test('durations are read as people write them', () => {
  expect(['250ms', '30s', '5m', '2h', '1d', '1.5s', '0s'].map(parseDuration)).toEqual([
    250, 30_000, 300_000, 7_200_000, 86_400_000, 1500, 0,
  ])
})

test('what is no duration is not guessed at', () => {
  for (const text of ['', '5', 's', '-1s', '1 s', '1s ', '1h30m', '1e3s', '999999999999999999d', 'evt_12s'])
    expect(parseDuration(text)).toBeUndefined()
})

test('a span is told by its two largest units', () => {
  expect([0, 250, 1000, 65_000, 7_200_000, 90_061_000, 86_405_000].map(formatDuration)).toEqual([
    '0ms',
    '250ms',
    '1s',
    '1m 5s',
    '2h',
    '1d 1h',
    '1d',
  ])
})
