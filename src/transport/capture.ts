// Capture requests of one connection. Promises: each document has one reply, in the order they came, also when it is
// none of its commands; a reply is written in one piece.

import { PaidError } from '../protocol/error.ts'
import type { Dispatch } from '../core/dispatch.ts'
import type { Connection } from './connection.ts'
import { captureMeaning, errorReply, isCaptureFrame, unknownCommand } from './dialects/capture.ts'

/** Takes a frame if it is a command. */
export const takeCapture = (connection: Connection, dispatch: Dispatch, frame: unknown): boolean => {
  if (!isCaptureFrame(frame)) return false
  const meaning = captureMeaning(frame)
  if (!meaning) {
    connection.take(unknownCommand(frame))
    return true
  }
  const { reads, reply } = meaning
  connection.take({
    reads,
    answer: () =>
      reply(frame, dispatch, connection.peer).then(
        (answer) => JSON.stringify(answer),
        (error: unknown) => errorReply(messageOf(error)),
      ),
  })
  return true
}

const messageOf = (error: unknown): string =>
  (error instanceof PaidError ? error : new PaidError('internal')).message
