// What is told of a session while its client waits for an answer about it: it stays back until the answer was said, so
// that the answer is the first thing that it hears.

export type Held = ReturnType<typeof createHeld>

export const createHeld = () => {
  const kept = new Map<string, (() => void)[]>()

  return {
    /** Says it, now or when its session is held no more. */
    say: (session: string, tell: () => void): void => {
      const before = kept.get(session)
      if (before) before.push(tell)
      else tell()
    },
    hold: (session: string): void => {
      if (!kept.has(session)) kept.set(session, [])
    },
    release: (session: string): void => {
      const before = kept.get(session) ?? []
      kept.delete(session)
      for (const tell of before) tell()
    },
    /** The answer has told it already. */
    drop: (session: string): void => void kept.delete(session),
  }
}
