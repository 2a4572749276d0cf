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

/** Private memory as the kernel has it, or where it does not say, the resident set. */
export const privateOf = (pid: number): { what: string; mebibytes: number; anonymous?: string } => {
  const kibibytes = (text: string, name: string) =>
    Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text)?.[1] ?? 0)
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    return {
      what: 'private',
      mebibytes: (kibibytes(text, 'Private_Clean') + kibibytes(text, 'Private_Dirty')) / 1024,
      anonymous: (kibibytes(text, 'Anonymous') / 1024).toFixed(1),
    }
  } catch {
    const asked = Bun.spawnSync(['ps', '-o', 'rss=', '-p', String(pid)])
    return { what: 'resident', mebibytes: Number(asked.stdout.toString()) / 1024 }
  }
}
