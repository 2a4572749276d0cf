// Promises that must settle within one span, many at a time: one clock looks after all of them, so that a promise that
// settles soon pays next to nothing.

type Watched = { reject: (error: Error) => void; until: number }

/** looks this often within the span */
const looks = 20

/** @param error what a promise that is late rejects with */
export const createDeadlines = (spanMs: number, error: () => Error) => {
  // in the order they began, so that the late ones are in front
  const watched = new Set<Watched>()
  let timer: Timer | undefined

  const look = (): void => {
    const now = performance.now()
    for (const one of watched) {
      if (one.until > now) return
      watched.delete(one)
      one.reject(error())
    }
    clearInterval(timer)
    timer = undefined
  }

  return {
    /** The same outcome, or a rejection when it takes longer than the span (and up to a twentieth of it more). */
    within: <T>(promise: Promise<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        const one = { reject, until: performance.now() + spanMs }
        watched.add(one)
        timer ??= setInterval(look, spanMs / looks)
        promise.then(
          (value) => {
            watched.delete(one)
            resolve(value)
          },
          (reason: unknown) => {
            watched.delete(one)
            reject(reason instanceof Error ? reason : new Error(String(reason)))
          },
        )
      }),
  }
}
