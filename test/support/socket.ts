// `paid.sock` as a test holds it: bytes go out as they are given, lines that come back are waited for.

import { createInbox, type Inbox } from './inbox.ts'

export type TestSocket = AsyncDisposable & {
  lines: Inbox<string>
  /** Resolves when the kernel has taken all of it. */
  write: (bytes: string | Uint8Array) => Promise<void>
}

export const openSocket = async (path: string): Promise<TestSocket> => {
  const lines = createInbox<string>()
  const decoder = new TextDecoder()
  let rest = ''
  let waiting = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data(_socket, chunk) {
        const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
        rest = parts.pop() ?? ''
        for (const part of parts) lines.push(part)
      },
      drain: () => waiting.resolve(),
      close() {
        lines.end('The socket closed')
        waiting.resolve()
        closed.resolve()
      },
    },
  })
  const writeAll = async (bytes: string | Uint8Array): Promise<void> => {
    let left = Buffer.from(bytes)
    while (left.length > 0) {
      waiting = Promise.withResolvers()
      const written = socket.write(left)
      if (written < 0) throw new Error('The socket closed')
      left = left.subarray(written)
      if (left.length > 0) await waiting.promise
    }
  }
  let last = Promise.resolve()
  return {
    lines,
    // one after the other: a half-written line must not meet the next one
    write: (bytes) => (last = last.then(() => writeAll(bytes))),
    [Symbol.asyncDispose]: async () => {
      socket.end()
      await closed.promise
    },
  }
}
