// What a socket takes in becomes buffers and strings that are dead a moment later, and the engine lets tens of megabytes
// of them lie when messages are large. Promises: behind every so many bytes, when the turn is over, what is dead is
// given back; the more is alive, and the longer that takes, the rarer it is done. Whoever asks for it has the rest given
// back as well, once nothing came for a while.

import { gcAndSweep, heapSize } from 'bun:jsc'

/** a round takes some 4 ms: at 100 MB/s a fortieth of the time */
const everyBytes = 16 * 1024 * 1024
const timesAlive = 2

/**
 * Gives a function that is told how many bytes came.
 * @param restMs of silence behind which what is dead is given back, however little it is
 */
export const createSweep = (restMs?: number): ((bytes: number) => void) => {
  let taken = 0
  let wanted = everyBytes
  let resting: Timer | undefined

  const sweep = (): void => {
    gcAndSweep()
    taken = 0
    wanted = Math.max(everyBytes, timesAlive * heapSize())
  }

  return (bytes) => {
    const before = taken
    taken += bytes
    if (before < wanted && taken >= wanted) setImmediate(sweep)
    if (restMs === undefined) return
    clearTimeout(resting)
    resting = setTimeout(sweep, restMs).unref()
  }
}
