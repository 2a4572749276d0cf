// A clock that only time moves: it counts the milliseconds that this machine was awake since its boot. Nobody can set
// it, a sleep stops it, and all processes read the same figure until the next boot. It can also wake somebody.

import { readFileSync } from 'node:fs'
import { dlopen, FFIType, ptr } from 'bun:ffi'

export type SteadyClock = {
  /** whole milliseconds since some moment of this boot; never goes back */
  readonly now: () => number
  /** names the boot that `now` counts from: figures of another boot mean nothing here */
  readonly boot: string
  /** Calls once, when `now` has reached `at`. Gives back what calls it off. */
  readonly wake: (at: number, call: () => void) => () => void
}

/** the longest span that a timer takes */
const longestTimerMs = 2 ** 31 - 1

export const openSteadyClock = (): SteadyClock => {
  const system = systemClock()
  // where the system tells no such time, ours begins with this process, and so does its boot
  const { now, boot } = system ?? { now: () => Math.floor(performance.now()), boot: crypto.randomUUID() }
  return {
    now,
    boot,
    wake: (at, call) => {
      let timer: Timer
      const wait = (): void => {
        timer = setTimeout(look, Math.min(longestTimerMs, Math.max(0, at - now())))
      }
      const look = (): void => {
        if (now() >= at) call()
        else wait()
      }
      wait()
      return () => clearTimeout(timer)
    },
  }
}

const libraries = ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1']

/** Linux: CLOCK_MONOTONIC stands still while the machine sleeps, unlike the clock behind `performance.now()`. */
const systemClock = (): Pick<SteadyClock, 'now' | 'boot'> | undefined => {
  if (process.platform !== 'linux') return undefined
  const CLOCK_MONOTONIC = 1
  const declared = {
    clock_gettime: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
  } as const
  for (const name of libraries) {
    try {
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
      const { symbols } = dlopen(name, declared)
      // seconds and nanoseconds, the lower halves of which hold all there is since a boot; over a buffer of its own,
      // since a small array without one moves when its buffer is asked for
      const time = new Uint32Array(new ArrayBuffer(16))
      const place = ptr(time)
      const now = (): number => {
        symbols.clock_gettime(CLOCK_MONOTONIC, place)
        return (time[0] ?? 0) * 1000 + Math.floor((time[2] ?? 0) / 1e6)
      }
      return { now, boot }
    } catch {
      // another C library, or a system that hides its boot
    }
  }
  return undefined
}
