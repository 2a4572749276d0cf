// The socket at which a session of Claude Code hears other sessions of the same user. What is written there is its next
// turn, or goes into the one that runs; Claude is told that another session sent it, not the user.
// It refuses what is no socket of our own user. No token is read: where sessions run, none is asked for.

import { lstatSync } from 'node:fs'
import { soon } from '../../../lib/soon.ts'

/** a session that does not listen within this is not waited for */
const withinMs = 2000

export type ClaudeSocket = {
  /** Resolves with whether all of it was taken; then it is closed. */
  write: (text: string) => Promise<boolean>
}

/** Undefined when there is nobody whom we may write to. Never rejects. */
export const openClaudeSocket = async (path: string): Promise<ClaudeSocket | undefined> => {
  if (!isOurs(path)) return undefined
  let unsent: Uint8Array = new Uint8Array()
  let taken = false
  const closed = Promise.withResolvers<void>()
  const goOn = (socket: Bun.Socket): void => {
    unsent = unsent.subarray(Math.max(0, socket.write(unsent)))
    if (unsent.byteLength > 0) return
    taken = true
    socket.end()
    closed.resolve()
  }
  let opened: Bun.Socket | undefined
  let late = false
  const opening = Bun.connect({
    unix: path,
    socket: {
      open: (socket) => {
        if (late) socket.terminate()
        else opened = socket
      },
      data() {},
      drain: (socket) => {
        if (unsent.byteLength > 0) goOn(socket)
      },
      close: () => closed.resolve(),
      error: () => closed.resolve(),
    },
  }).catch(() => undefined)
  await soon(opening, withinMs)
  late = true
  const socket = opened
  if (!socket) return undefined
  return {
    write: async (text) => {
      const line = { type: 'user', message: { role: 'user', content: text } }
      unsent = Buffer.from(`${JSON.stringify(line)}\n`)
      goOn(socket)
      await soon(closed.promise, withinMs)
      if (!taken) socket.terminate()
      return taken
    },
  }
}

const isOurs = (path: string): boolean => {
  try {
    const found = lstatSync(path)
    return found.isSocket() && found.uid === process.getuid?.()
  } catch {
    return false
  }
}
