// 100,000 steps of random life (callers, time that passes and jumps, crashes, restarts, boots) against a model that
// never asks the daemon. `bun scripts/locks.ts --steps 1000000` does more of the same.

import { expect, test } from 'bun:test'
import { liveThrough } from '../support/lock-lives.ts'

test('never two holders, tokens only grow, nobody in line is forgotten, through crashes and jumps of the clock', async () => {
  const { steps } = await liveThrough(100_000, 1)
  expect(steps).toBeGreaterThanOrEqual(100_000)
}, 240_000)
