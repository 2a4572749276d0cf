// The machine a table was made on, in one line: figures without it say nothing.

import { fdatasyncSync, openSync, closeSync, readFileSync, writeSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { median } from './rounds.ts'

export const machineLine = (folder: string): string => {
  const [processor] = cpus()
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`
  return [
    `${cpus().length} x ${processor?.model.trim() ?? process.arch}`,
    memory,
    `${process.platform} ${release()}`,
    `Bun ${Bun.version}`,
    `fdatasync of 4 KiB in ${folder}: ${syncMs(folder).toFixed(2)} ms`,
    ...load(),
  ].join(', ')
}

/** What a durable write costs here: the median of some. */
const syncMs = (folder: string): number => {
  const file = openSync(join(folder, 'sync'), 'w')
  const page = Buffer.alloc(4096, 1)
  const times = Array.from({ length: 50 }, () => {
    const startedAt = performance.now()
    writeSync(file, page)
    fdatasyncSync(file)
    return performance.now() - startedAt
  })
  closeSync(file)
  return median(times)
}

const load = (): string[] => {
  try {
    return [`load ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]} at the start`]
  } catch {
    return []
  }
}
