// Patience with somebody else on this machine: it is over after so many milliseconds in which we ran ourselves. While the
// machine stands still, as a busy one does for moments, whoever we wait for stands still too: that costs one slice of it,
// and what has come meanwhile is seen before it ends.

const leastSliceMs = 25
const slices = 10

/** Calls once. Gives back what calls it off. */
export const patience = (ms: number, over: () => void): (() => void) => {
  const sliceMs = Math.max(leastSliceMs, ms / slices)
  let timer: Timer | undefined
  const wait = (leftMs: number): void => {
    timer = setTimeout(
      () => (leftMs > 0 ? wait(leftMs - sliceMs) : over()),
      Math.max(0, Math.min(leftMs, sliceMs)),
    )
  }
  wait(ms)
  return () => clearTimeout(timer)
}
