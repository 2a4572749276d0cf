// One publisher and those who hear it: calls on a Unix socket make messages, and only so many are under way that every
// listener can take them, so none falls behind and every delivery counts. The slowest listener sets the pace.

import { openWindow, type Measured } from './measured.ts'

export type Publishing = {
  /** pid of what is measured */
  server: number
  socket: string
  line: string
  /** how an answer that is none begins, or what it has in it */
  refusal?: string
  warmMs: number
  runMs: number
}
export type Fanned = { measured: Measured; frameBytes: number }
/** what one listener got so far */
export type Heard = { readonly frames: number; readonly bytes: number }

/** messages on their way to the slowest listener, and how many are sent at once */
const underWay = 256
const atOnce = 64

/**
 * @param listeners all that hear every message
 * @param onHeard is given what to call whenever a listener got something
 * @param failed is told what went wrong
 */
export const publishTo = async (
  { server, socket: path, line, refusal = '"error"', warmMs, runMs }: Publishing,
  listeners: readonly Heard[],
  onHeard: (came: () => void) => void,
  failed: (error: unknown) => void,
): Promise<Fanned> => {
  const calls = Buffer.from(`${line}\n`.repeat(atOnce))
  let published = 0
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data: (_socket, chunk) => {
        if (chunk.includes(refusal)) failed(new Error(chunk.toString('utf8')))
      },
    },
  })
  const slowest = () => listeners.reduce((least, { frames }) => Math.min(least, frames), Infinity)
  const delivered = () => listeners.reduce((sum, { frames }) => sum + frames, 0)
  let looking = false
  const look = () => {
    looking = false
    // the server reads what it is sent at once, so a call never meets a full socket
    for (let room = underWay - (published - slowest()); room >= atOnce; room -= atOnce) {
      published += atOnce
      if (socket.write(calls) !== calls.length) failed(new Error('A call did not fit its socket'))
    }
  }
  onHeard(() => {
    if (looking) return
    looking = true
    setImmediate(look)
  })
  look()
  await Bun.sleep(warmMs)
  const [first] = listeners
  const before = { delivered: delivered(), bytes: first?.bytes ?? 0, frames: first?.frames ?? 0 }
  const window = openWindow(server)
  await Bun.sleep(runMs)
  const measured = window.close(delivered() - before.delivered)
  const frameBytes = first ? (first.bytes - before.bytes) / (first.frames - before.frames) : 0
  return { measured, frameBytes }
}
