// Bytes on a wire, as no well-behaved client would send them: a raw TCP or Unix connection whose every byte, pause and
// end is the test's own.

import { connect, type Socket } from 'node:net'

export type Wire = AsyncDisposable & {
  socket: Socket
  /** everything that came so far */
  text: () => string
  bytes: () => Buffer
  send: (bytes: string | Uint8Array) => void
  /** Sends and waits until the kernel took it, or the other side has closed; what came meanwhile is there then. */
  pour: (bytes: string | Uint8Array) => Promise<void>
  /** Waits until `enough` is true of what came, or the connection has ended; gives what came. */
  until: (enough: string | ((text: string) => boolean)) => Promise<string>
  /** From now on `reader` gets what comes, and nothing is kept. */
  take: (reader: (chunk: Buffer) => void) => void
  /** resolves when the other side closed or broke the connection */
  closed: Promise<void>
  isClosed: () => boolean
  end: () => void
}

/** @param address `http://host:port`, or the path of a Unix socket */
export const openWire = async (address: string): Promise<Wire> => {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  const socket = await connected(address)
  let chunks: Buffer[] = []
  let ended = false
  let changed = Promise.withResolvers<void>()
  const bytes = () => {
    if (chunks.length > 1) chunks = [Buffer.concat(chunks)]
    return chunks[0] ?? Buffer.alloc(0)
  }
  const text = () => bytes().toString('utf8')
  let taker = (chunk: Buffer): void => {
    chunks.push(chunk)
    changed.resolve()
  }
  socket.on('data', (chunk) => taker(Buffer.from(chunk)))
  const over = () => {
    ended = true
    close()
    changed.resolve()
  }
  socket.on('end', over)
  socket.on('close', over)
  socket.on('error', over)
  return {
    socket,
    text,
    bytes,
    send: (data) => void socket.write(data),
    pour: async (data) => {
      await Promise.race([closed, new Promise<void>((taken) => socket.write(data, () => taken()))])
      // a kernel that takes all at once would never let it look at what comes
      await new Promise((resolve) => setImmediate(resolve))
    },
    until: async (enough) => {
      const is = typeof enough === 'string' ? (so: string) => so.includes(enough) : enough
      while (!is(text())) {
        if (ended) break
        changed = Promise.withResolvers<void>()
        await changed.promise
      }
      return text()
    },
    take: (reader) => void (taker = reader),
    closed,
    isClosed: () => ended,
    end: () => socket.destroy(),
    [Symbol.asyncDispose]: async () => {
      socket.destroy()
      await closed
    },
  }
}

/** A full backlog refuses like a dead listener does, so a refusal is asked about again for a while. */
const connected = async (address: string): Promise<Socket> => {
  const url = address.startsWith('/') ? undefined : new URL(address)
  for (let tries = 1000; ; tries--) {
    const socket = url ? connect(Number(url.port), url.hostname) : connect(address)
    const outcome = await new Promise<Error | undefined>((resolve) => {
      socket.once('connect', () => resolve(undefined))
      socket.once('error', resolve)
    })
    if (outcome === undefined) return socket
    if (tries === 0) throw outcome
    await Bun.sleep(5)
  }
}

/** So many of them, a few at a time: no more than the listener's backlog holds. */
export const openMany = async <T>(count: number, open: () => Promise<T>): Promise<T[]> => {
  const opened: T[] = []
  while (opened.length < count)
    opened.push(...(await Promise.all(Array.from({ length: Math.min(100, count - opened.length) }, open))))
  return opened
}
