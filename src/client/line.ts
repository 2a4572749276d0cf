// A telephone line: one JSON document at a time, both ways, whatever carries it.

export type Line = {
  send: (text: string) => void
  /** Ends it; what was sent before still leaves. */
  close: () => void
  /** Stops reading, so that the daemon's own bounds hold; a line that cannot, has none. */
  pause?: () => void
  resume?: () => void
}

export type Hearing = {
  text: (document: string) => void
  /** once, whoever ended it */
  closed: () => void
}

/** Throws `not_running` when nobody answers, and what the daemon says when it refuses. */
export type Open = (hearing: Hearing) => Promise<Line>
