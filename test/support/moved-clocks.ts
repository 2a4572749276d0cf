// Time that a test moves: the wall clock, which may jump, and the steady one, which goes on by what the machine was
// awake. Whoever waits on the steady clock is woken in order, each at its own instant. A new process waits anew.

import { randomUUID } from 'node:crypto'
import type { Clock } from '../../src/lib/clock.ts'
import type { SteadyClock } from '../../src/lib/steady-clock.ts'

type Sleeper = { at: number; call: () => void }

export type MovedClocks = ReturnType<typeof createMovedClocks>

export const createMovedClocks = () => {
  let wall = 1_800_000_000_000
  let steady = 5_000
  let boot: string = randomUUID()
  let sleepers: Sleeper[] = []

  const clock: Clock = { now: () => wall }
  const process = (): SteadyClock => {
    sleepers = []
    return {
      now: () => steady,
      boot,
      wake: (at, call) => {
        // both clocks count whole milliseconds
        const sleeper = { at: Math.ceil(at), call }
        sleepers.push(sleeper)
        return () => void (sleepers = sleepers.filter((other) => other !== sleeper))
      },
    }
  }

  /** Wakes who is due; `settle` runs after each, so that what it began is done before the next. */
  const wake = async (settle: () => Promise<unknown>, until = steady): Promise<void> => {
    for (;;) {
      const next = sleepers.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0]
      if (!next) return
      if (next.at > steady) move(next.at - steady)
      sleepers = sleepers.filter((other) => other !== next)
      next.call()
      await settle()
    }
  }

  const move = (ms: number): void => {
    wall += ms
    steady += ms
  }

  return {
    clock,
    /** The clock of a process that begins now: nobody of the one before is woken any more. */
    process,
    get wall() {
      return wall
    },
    get steady() {
      return steady
    },
    /** Time passes, and whoever is due is woken at its instant. */
    pass: async (ms: number, settle: () => Promise<unknown>): Promise<void> => {
      const until = steady + ms
      await wake(settle, until)
      move(until - steady)
    },
    /** Time passes while nobody is woken, as when the event loop is busy. */
    move,
    wake,
    /** Somebody set the wall clock, or the machine slept. */
    jump: (ms: number): void => void (wall += ms),
    reboot: (offMs: number): void => {
      boot = randomUUID()
      steady = 1_000
      wall += offMs
    },
  }
}
