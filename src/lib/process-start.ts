// When a process started, as its system counts it. With the pid it names one process for ever: pids are used again.

import { readFileSync } from 'node:fs'

/** Undefined when there is no such process, or the system does not say. */
export const processStart = (pid: number): string | undefined => {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      // The name in parentheses may hold anything; the fields after it are numbers. starttime is the 22nd of all.
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    }
    const ps = Bun.spawnSync(['ps', '-o', 'lstart=', '-p', String(pid)], { env: { LC_ALL: 'C', TZ: 'UTC' } })
    return ps.stdout.toString().trim() || undefined
  } catch {
    return undefined
  }
}

/** ticks of the clock in which Linux counts a process's start, the same on every machine */
const ticksPerSecond = 100

/** The same as epoch milliseconds, to the second and never too late. */
export const processStartedAt = (pid: number): number | undefined => {
  const start = processStart(pid)
  if (start === undefined) return undefined
  if (process.platform !== 'linux') return Date.parse(`${start} UTC`)
  const booted = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1]
  return booted === undefined
    ? undefined
    : (Number(booted) + Math.floor(Number(start) / ticksPerSecond)) * 1000
}
