// A WebSocket as a test holds it: what it sent is waited for frame by frame, as text.

import { createInbox, type Inbox } from './inbox.ts'

export type TestWebSocket = AsyncDisposable & {
  /** the first frame of every path but /ws, which is none of `frames` */
  greeting: string | undefined
  frames: Inbox<string>
  send: (frame: string | Uint8Array) => void
  /** the code and reason that it closed with */
  closed: Promise<{ code: number; reason: string }>
  /** Everything the daemon has to say by now: sends a ping and gives the frames before its answer. */
  untilPong: () => Promise<string[]>
}

/**
 * Resolves when it is open, rejects when it is refused.
 * @param url http:// or ws://
 * @param greets whether it is greeted at once; one that has not shown its token is not
 */
export const openWebSocket = async (
  url: string,
  headers: Record<string, string> = {},
  greets = new URL(url).pathname !== '/ws',
): Promise<TestWebSocket> => {
  const frames = createInbox<string>()
  const closed = Promise.withResolvers<{ code: number; reason: string }>()
  const opened = Promise.withResolvers<void>()
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers })
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('open', () => opened.resolve())
  socket.addEventListener('message', ({ data }) => frames.push(String(data)))
  socket.addEventListener('close', ({ code, reason }) => {
    opened.reject(new Error(`The WebSocket was refused or closed: ${code} ${reason}`))
    frames.end(`The WebSocket closed with ${code}`)
    closed.resolve({ code, reason })
  })
  await opened.promise
  const greeting = greets ? await frames.next() : undefined
  return {
    greeting,
    frames,
    send: (frame) => socket.send(frame),
    closed: closed.promise,
    untilPong: async () => {
      socket.send('{"type":"ping"}')
      const before: string[] = []
      for (;;) {
        const frame = await frames.next()
        if (frame === '{"type":"pong"}') return before
        before.push(frame)
      }
    },
    [Symbol.asyncDispose]: async () => {
      socket.close()
      await closed.promise
    },
  }
}
