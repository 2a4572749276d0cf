// What leaves by a WebSocket: as many frames as it takes, in one go. Promises: whoever is told that it is full is told
// when it has drained, even where Bun says nothing.

import type { Outbox } from '../lib/outbox.ts'

export type Draining = {
  /** asks whether it has drained, while it has something to drain */
  draining?: Timer
}

type Socket = Bun.ServerWebSocket<Draining>

/** Bun forgets now and then to say that a socket has drained, so it is asked too. */
const askDrainedMs = 100

const watchDrain = (socket: Socket, outboxOf: () => Outbox | undefined): void => {
  socket.data.draining ??= setInterval(() => {
    const outbox = outboxOf()
    if (outbox && socket.getBufferedAmount() > 0) return
    clearInterval(socket.data.draining)
    delete socket.data.draining
    outbox?.drained()
  }, askDrainedMs)
}

/**
 * Gives back how many it took.
 * @param outboxOf where they come from, until its connection has ended
 */
export const writeFrames = (
  socket: Socket,
  frames: readonly string[],
  outboxOf: () => Outbox | undefined,
): number => {
  const taken = frames.length === 1 ? sendOnly(socket, frames) : sendTogether(socket, frames)
  if (socket.getBufferedAmount() === 0) return taken
  if (taken === frames.length) outboxOf()?.block()
  watchDrain(socket, outboxOf)
  return taken
}

/** A cork for one frame would cost more than it saves. */
const sendOnly = (socket: Socket, [frame = '']: readonly string[]): number => {
  socket.send(frame)
  return 1
}

const sendTogether = (socket: Socket, frames: readonly string[]): number => {
  let taken = 0
  // what a cork held back may leave with its end, and then nobody says that the socket has drained
  do {
    socket.cork(() => {
      while (taken < frames.length) {
        const sent = socket.send(frames[taken++] ?? '')
        // -1: this one lies in Bun's buffer, and so would the next; 0: the socket is closing
        if (sent <= 0) break
      }
    })
  } while (taken < frames.length && socket.getBufferedAmount() === 0)
  return taken
}
