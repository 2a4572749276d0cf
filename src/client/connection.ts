// One connection to a daemon's paid.sock: what a command needs that asks once and leaves.

import { type Connection, converse } from './conversation.ts'
import { unixLine } from './lines/unix.ts'

export type { Connection }

/**
 * Throws `not_running` when nobody answers at the socket.
 * @param cause see `converse`
 */
export const openConnection = (socket: string, cause?: string): Promise<Connection> =>
  converse(unixLine(socket), {}, cause)
