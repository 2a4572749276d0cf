// When a connection that was lost is tried again: after 3 s, 6 s, 12 s and so on, ten times.

/** Calls once, after `ms`; gives back what calls it off. */
export type Later = (ms: number, call: () => void) => () => void

export const later: Later = (ms, call) => {
  const timer = setTimeout(call, ms)
  return () => clearTimeout(timer)
}

const firstAfterMs = 3000
const mostAttempts = 10

export const createAttempts = (later: Later) => {
  let made = 0
  let callOff = () => {}

  return {
    /** Calls with the number of the attempt when it is time for it; false when there were enough. */
    next: (attempt: (number: number) => void): boolean => {
      callOff()
      if (made >= mostAttempts) return false
      callOff = later(firstAfterMs * 2 ** made, () => attempt(++made))
      return true
    },
    /** None is due any more. */
    pause: (): void => callOff(),
    /** The next one is the first. */
    reset: (): void => {
      callOff()
      made = 0
    },
  }
}
