// A Unix socket in Bun. What the socket does not take at once waits here, whole bytes in order.

import { PaidError } from '../../protocol/error.ts'
import type { Open } from '../line.ts'
import { lineSplitter } from './split.ts'

export const bunSocket =
  (path: string): Open =>
  async ({ text, closed }) => {
    let unsent: Buffer[] = []
    let paused = false

    const flush = () => {
      while (unsent[0] !== undefined) {
        const taken = socket.write(unsent[0])
        if (taken < 0) return
        if (taken < unsent[0].length) {
          unsent[0] = unsent[0].subarray(taken)
          return
        }
        unsent.shift()
      }
      if (closing) socket.end()
    }

    let closing = false
    const split = lineSplitter(text)
    const socket = await Bun.connect({
      unix: path,
      socket: {
        data: (_, chunk) => split(chunk),
        drain: flush,
        close: () => {
          unsent = []
          closed()
        },
        // Without it an error is thrown at nobody; `close` follows and tells.
        error: () => {},
      },
    }).catch(() => {
      throw new PaidError('not_running')
    })

    return {
      send: (document) => {
        unsent.push(Buffer.from(`${document}\n`))
        if (unsent.length === 1) flush()
      },
      close: () => {
        closing = true
        if (unsent.length === 0) socket.end()
      },
      pause: () => {
        if (!paused) socket.pause()
        paused = true
      },
      resume: () => {
        if (paused) socket.resume()
        paused = false
      },
    }
  }
