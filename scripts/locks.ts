// The model of locks against the room itself, for as many steps as one likes:
//   bun scripts/locks.ts --steps 1000000 [--seed 1]
// Each life of a daemon is up to 1,000 steps of callers, time and crashes. It prints where the two part, with the seed.

import { parseArgs } from 'node:util'
import { liveThrough } from '../test/support/lock-lives.ts'

const { values } = parseArgs({
  options: { steps: { type: 'string', default: '100000' }, seed: { type: 'string' } },
})
const seed = Number(values.seed ?? Date.now() % 2 ** 31)
const startedAt = performance.now()
const done = await liveThrough(Number(values.steps), seed)
const seconds = (performance.now() - startedAt) / 1000
console.log(
  `${done.steps} steps in ${done.lives} lives, seed ${seed}, ${seconds.toFixed(1)} s: the room and the model agree`,
)
