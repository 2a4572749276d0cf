// Giving others their turn: between two slices of long work the thread answers what came meanwhile, and work that nobody
// waits for rests besides, so that the processors and the disk are free for those who do.

/** of the time that an import worked it rests so much */
const restShare = 0.5
const longestRestMs = 20

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A rest after each piece of work, as long as it was. */
export const createRest = (): (() => Promise<void>) => {
  let since = performance.now()
  return async () => {
    await Bun.sleep(Math.min(longestRestMs, (performance.now() - since) * restShare))
    since = performance.now()
  }
}
