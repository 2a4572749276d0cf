// Which process has a file open, as Linux tells it: the proof that a process is the one that holds a lock.

import { readdirSync, statSync } from 'node:fs'

/** False also for a process that is gone or is not ours to look into; undefined where the system does not say. */
export const hasOpen = (pid: number, path: string): boolean | undefined => {
  if (process.platform !== 'linux') return undefined
  try {
    const { dev, ino } = statSync(path)
    const folder = `/proc/${pid}/fd`
    return readdirSync(folder).some((descriptor) => {
      const found = statSync(`${folder}/${descriptor}`, { throwIfNoEntry: false })
      return found?.dev === dev && found.ino === ino
    })
  } catch {
    return false
  }
}
