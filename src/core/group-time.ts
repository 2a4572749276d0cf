// When an open group of writes is written. While each turn of the event loop brings more writers, one COMMIT serves them
// all; who writes alone never waits, and after a while not even for the turn to end, but now and then, to see whether
// others have come.

/** turns that a group may wait for more writers, while more come */
const moreTurns = 2
/** after so many groups of one writer each the next are written at once, but for one in so many */
const lonelyGroups = 8

/** @param flush writes the open group, if there is one still */
export const createGroupTime = (flush: () => void) => {
  /** groups of one writer in a row */
  let lonely = 0
  let seen = 1
  let turns = 0

  const isLonely = (): boolean => lonely >= lonelyGroups && lonely % lonelyGroups !== 0

  return {
    /** Whether the next group is likely one writer's: it may be written at once. */
    isLonely,

    opened: (): void => {
      seen = 1
      turns = 0
      if (isLonely()) queueMicrotask(flush)
      else setImmediate(flush)
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
    },
  }
}
