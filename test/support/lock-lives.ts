// One life of a daemon after the other, until enough steps were done. A life that breaks a promise is made as short as
// fast-check can make it, and thrown with the seed that brings it back.

import * as fc from 'fast-check'
import { runLife } from './lock-run.ts'
import { step } from './lock-steps.ts'

const longestLife = 1000
const livesAtOnce = 10

export const liveThrough = async (steps: number, seed: number): Promise<{ steps: number; lives: number }> => {
  const done = { steps: 0, lives: 0 }
  const life = fc.asyncProperty(fc.array(step, { maxLength: longestLife, size: 'max' }), async (each) => {
    done.steps += await runLife(each)
    done.lives++
  })
  for (let round = 0; done.steps < steps; round++)
    await fc.assert(life, {
      seed: seed + round,
      numRuns: livesAtOnce,
      endOnFailure: false,
      interruptAfterTimeLimit: 60_000,
    })
  return done
}
