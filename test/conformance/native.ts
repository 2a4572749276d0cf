// THE NATIVE CALLS, one behaviour on every door: what a caller may rely on wherever it comes in.
// A door hands in a way to open a daemon behind it; what it cannot carry it names, and everything else must hold.
// Scenarios share a daemon and keep apart by their channel.

import { afterAll, beforeAll, describe, test } from 'bun:test'
import { asking } from './native/asking.ts'
import { following } from './native/following.ts'
import { locking } from './native/locking.ts'
import { once } from './native/once.ts'
import { publishing } from './native/publishing.ts'
import { reading } from './native/reading.ts'
import type { House, Scenario } from './native/stage.ts'

const groups = { publishing, reading, following, once, locking, asking }

export type ScenarioName =
  | keyof typeof publishing
  | keyof typeof reading
  | keyof typeof following
  | keyof typeof once
  | keyof typeof locking
  | keyof typeof asking

/** for a busy machine */
const scenarioMs = 60_000

/** @param without what this door cannot carry, by name */
export const nativeCalls = (
  door: string,
  open: () => Promise<House>,
  { without = [] }: { without?: readonly ScenarioName[] } = {},
): void =>
  describe(`native calls over ${door}`, () => {
    let house: House
    let channels = 0
    beforeAll(async () => {
      house = await open()
    }, scenarioMs)
    afterAll(() => house[Symbol.asyncDispose]())

    const left = new Set<string>(without)
    for (const [group, scenarios] of Object.entries(groups))
      describe(group, () => {
        for (const [name, scenario] of Object.entries<Scenario>(scenarios)) {
          if (left.has(name)) continue
          test(
            name,
            async () => {
              await using caller = await house.connect()
              await scenario({ house, caller, channel: `c${++channels}-x` })
            },
            scenarioMs,
          )
        }
      })
  })
