// Events on their way to their listeners, in one order for all of them: what a listener says while events are handed
// out goes behind these.

import type { LogEvent } from './log-event.ts'

/** @param deliver gives events to each of their listeners; must not throw */
export const createHandOut = (deliver: (events: readonly LogEvent[]) => void) => {
  let busy = false
  let more: LogEvent[] = []

  return {
    /** Whether listeners are being told right now. */
    get busy(): boolean {
      return busy
    },

    tell: (events: readonly LogEvent[]): void => {
      if (busy) {
        more.push(...events)
        return
      }
      busy = true
      try {
        for (let next = events; next.length > 0;) {
          deliver(next)
          next = more
          more = []
        }
      } finally {
        busy = false
      }
    },
  }
}
