// What is told of a session while its client waits for an answer about it: it stays back until the answer was said, so
// that the answer is the first thing that it hears.

export type Held = ReturnType<typeof createHeld>

type Kept = { holds: number; tells: (() => void)[] }

export const createHeld = () => {
  const kept = new Map<string, Kept>()

  return {
    /** Says it, now or when its session is held no more. */
    say: (session: string, tell: () => void): void => {
      const before = kept.get(session)
      if (before) before.tells.push(tell)
      else tell()
    },
    /** How much stays back of it. */
    count: (session: string): number => kept.get(session)?.tells.length ?? 0,
    /** Until it was released as often. */
    hold: (session: string): void => {
      const before = kept.get(session)
      if (before) before.holds++
      else kept.set(session, { holds: 1, tells: [] })
    },
    release: (session: string): void => {
      const before = kept.get(session)
      if (!before || --before.holds > 0) return
      kept.delete(session)
      for (const tell of before.tells) tell()
    },
    /** The answer has told it already. */
    drop: (session: string): void => void kept.get(session)?.tells.splice(0),
  }
}
