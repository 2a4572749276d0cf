// Lines of text over a Unix socket, both ways. What the socket does not take at once waits here, whole bytes in order.

import { PaidError } from '../protocol/error.ts'

export type Lines = {
  write: (text: string) => void
  close: () => void
  pause: () => void
  resume: () => void
}

type Handlers = { line: (line: string) => void; closed: () => void }

/** Throws `not_running` when nobody listens there. */
export const openLines = async (path: string, { line, closed }: Handlers): Promise<Lines> => {
  const decoder = new TextDecoder()
  let unfinished = ''
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
  }

  const socket = await Bun.connect({
    unix: path,
    socket: {
      data: (_, chunk) => {
        const text = decoder.decode(chunk, { stream: true })
        let from = 0
        for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
          const found = unfinished + text.slice(from, at)
          unfinished = ''
          from = at + 1
          if (found !== '') line(found)
        }
        unfinished += text.slice(from)
      },
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
    write: (text) => {
      unsent.push(Buffer.from(text))
      if (unsent.length === 1) flush()
    },
    close: () => socket.end(),
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
