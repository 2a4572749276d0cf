// The one alarm of all jobs: it rings when the next of them is due by the wall clock. The wall clock may be set, and
// stands on while the machine sleeps, so the alarm waits on the steady clock and looks up from time to time. With
// nothing planned it waits for nothing.

import type { Clock } from '../../lib/clock.ts'
import type { SteadyClock } from '../../lib/steady-clock.ts'

/** so long after a clock was set forward, or a machine woke, what is due is found at the latest */
const lookMs = 30_000
/** corrections smaller than this are the usual work of a time server */
const jumpMs = 1000

export type Alarm = ReturnType<typeof createAlarm>

export const createAlarm = ({
  clock,
  steady,
  ring,
  setBack,
}: {
  clock: Clock
  steady: SteadyClock
  /** something is due; whoever hears it sets the alarm anew */
  ring: () => void
  /** the wall clock was set back */
  setBack: () => void
}) => {
  let due: number | undefined
  let cancel = (): void => {}
  let closed = false
  const offset = (): number => clock.now() - steady.now()
  let known = offset()

  const wait = (): void => {
    cancel()
    if (due === undefined || closed) return
    const left = Math.min(lookMs, Math.max(0, due - clock.now()))
    cancel = steady.wake(steady.now() + left, look)
  }

  const look = (): void => {
    const before = known
    known = offset()
    if (known < before - jumpMs) setBack()
    if (due !== undefined && clock.now() >= due) ring()
    else wait()
  }

  return {
    /** @param at by the wall clock; undefined: nothing is planned */
    set: (at: number | undefined): void => {
      due = at
      wait()
    },

    close: (): void => {
      closed = true
      cancel()
    },
  }
}
