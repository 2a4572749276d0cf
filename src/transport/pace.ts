// How fast one peer is read. Promises: short documents are read as fast as they come; behind each piece of a long one
// its sender waits a moment, so that whoever floods the daemon takes neither its turns nor the processors from others;
// and who is told to wait for its answers is not read before both are over.

/** a document is long from here on */
const longBytes = 1024 * 1024
/** bytes of it between two rests */
const pieceBytes = 128 * 1024
/** as short as a timer can be; 16 MiB take an eighth of a second */
const restMs = 1

export type Pace = ReturnType<typeof createPace>

/** @param pause called with true when the peer must not be read, with false when it may be again */
export const createPace = (pause: (paused: boolean) => void) => {
  let behind = false
  let resting: ReturnType<typeof setTimeout> | undefined
  let read = 0

  const rested = (): void => {
    resting = undefined
    if (!behind) pause(false)
  }

  return {
    /** Its requests or answers wait. */
    hold: (paused: boolean): void => {
      behind = paused
      if (!resting) pause(paused)
    },
    /** So many bytes came, and so many of a document that has not ended are there. */
    took: (bytes: number, unfinished: number): void => {
      if (unfinished < longBytes) {
        read = 0
        return
      }
      read += bytes
      if (read < pieceBytes || resting) return
      read = 0
      resting = setTimeout(rested, restMs)
      if (!behind) pause(true)
    },
    end: (): void => clearTimeout(resting),
  }
}
