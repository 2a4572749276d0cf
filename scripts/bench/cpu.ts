// CPU time as the kernel counts it, so that a figure can be told from the noise of a busy machine. Linux only:
// elsewhere there is none, and the table says nothing about it.

import { readFileSync } from 'node:fs'

/** the kernel's clock tick, in ms; 100 Hz on every Linux that Bun runs on */
const tickMs = 10

/** User and system time of a process so far, in ms. */
export const cpuOf = (pid: number): number | undefined => {
  const text = textOf(`/proc/${pid}/stat`)
  // the name, in brackets, may hold anything
  const [, , , , , , , , , , , user, system] = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? []
  return user === undefined || system === undefined ? undefined : (Number(user) + Number(system)) * tickMs
}

/** What all processors together did so far, in ms. */
export const cpuOfMachine = (): number | undefined => {
  const [, user, nice, system, , , interrupt, soft] =
    textOf('/proc/stat')?.split('\n', 1)[0]?.split(/\s+/) ?? []
  if (user === undefined) return undefined
  return [user, nice, system, interrupt, soft].reduce((sum, ticks) => sum + Number(ticks), 0) * tickMs
}

const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
