// A line that may die without a word: a laptop that slept, a network that changed. Asked now and then whether it is
// still there, it is ended when it does not answer, and whoever follows over it opens another one.

import type { Open } from '../line.ts'

const everyMs = 30_000

/** Ends a line on which nothing was heard for a whole `ms` after it was asked. One that is not being read is left alone. */
export const withHeartbeat =
  (open: Open, ms = everyMs): Open =>
  async (hearing) => {
    let asked = false
    let paused = false
    let over = false
    let timer: ReturnType<typeof setInterval> | undefined
    const closed = () => {
      if (over) return
      over = true
      clearInterval(timer)
      hearing.closed()
    }
    const line = await open({
      text: (document) => {
        asked = false
        if (document !== '{"type":"pong"}') hearing.text(document)
      },
      closed,
    })
    const beat = () => {
      if (paused) return
      if (asked) {
        line.close()
        closed()
      } else {
        asked = true
        line.send('{"type":"ping"}')
      }
    }
    if (!over) timer = setInterval(beat, ms)
    const { pause, resume } = line
    return {
      ...line,
      close: () => {
        clearInterval(timer)
        line.close()
      },
      ...(pause && {
        pause: () => {
          paused = true
          pause()
        },
      }),
      ...(resume && {
        resume: () => {
          paused = false
          asked = false
          resume()
        },
      }),
    }
  }
