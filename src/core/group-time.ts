// When an open group of writes is written. While each turn of the event loop brings more writers, one COMMIT serves them
// all; who writes alone never waits, and after a while not even for the turn to end.

/** turns that a group may wait for more writers, while more come */
const moreTurns = 2
/** after so many groups of one writer each, and none beside them in their turns, the next waits for no turn's end */
const lonelyGroups = 4

/** @param flush writes the open group, if there is one still */
export const createGroupTime = (flush: () => void) => {
  /** groups of one writer in a row */
  let lonely = 0
  let wroteInTurn = false
  let seen = 1
  let turns = 0

  return {
    opened: (): void => {
      seen = 1
      turns = 0
      if (wroteInTurn) lonely = 0
      if (lonely < lonelyGroups) setImmediate(flush)
      else queueMicrotask(flush)
    },

    /** Whether the open group waits for more: then `flush` is called again. */
    waits: (members: number): boolean => {
      if (members <= seen || turns >= moreTurns) return false
      turns++
      seen = members
      setImmediate(flush)
      return true
    },

    written: (members: number): void => {
      lonely = members > 1 ? 0 : lonely + 1
      if (wroteInTurn) return
      wroteInTurn = true
      setImmediate(() => (wroteInTurn = false))
    },
  }
}
