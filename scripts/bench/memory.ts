// The memory of a process as the system counts it.

import { readFileSync } from 'node:fs'

/** The resident set, in bytes. */
export const residentOf = (pid: number): number => {
  try {
    const [, kibibytes] = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kibibytes) * 1024
  } catch {
    return Number(Bun.spawnSync(['ps', '-o', 'rss=', '-p', String(pid)]).stdout.toString()) * 1024
  }
}
