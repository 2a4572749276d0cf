// kill -9 at random moments of a mixed load: what was answered is there, once, and the numbers never go back.

import { expect, test } from 'bun:test'
import { crashRounds } from '../support/crash.ts'

test('twenty rounds of kill -9 lose nothing that was answered, double nothing, and never count back', async () => {
  const seed = Date.now() % 2 ** 31
  const report = await crashRounds({ rounds: 20, seed, maxMs: 60_000 })
  console.log(
    `seed ${seed}: ${report.rounds} rounds, ${report.events} events, ${report.acknowledged} answered, ` +
      `${report.askedAgain} asked again, ${report.hooks} hooks`,
  )
  expect(report).toMatchObject({ seed, broken: [] })
  expect(report.rounds).toBeGreaterThan(0)
  expect(report.acknowledged).toBeGreaterThan(0)
  expect(report.hooks).toBeGreaterThan(0)
}, 90_000)
