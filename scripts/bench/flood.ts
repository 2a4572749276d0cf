// A client that sends a line without its end, as fast as it is taken. A worker: it says `{ms: 0}` when it is connected,
// waits for a message, sends, and says how long it took until the daemon had taken all of it.

export type FloodOptions = { socket: string; bytes: number }
export type Flooded = { ms: number }

declare const self: Worker

const flood = async ({ socket: path, bytes }: FloodOptions): Promise<void> => {
  const piece = Buffer.alloc(64 * 1024, 'x')
  // a string that never ends, in a request that began well
  Buffer.from('{"type":"publish","id":"f1","channel":"flood","message":"').copy(piece)
  let left = bytes
  let startedAt = 0
  const send = (socket: Bun.Socket) => {
    if (startedAt === 0) return
    while (left > 0) {
      const taken = socket.write(piece.subarray(0, Math.min(left, piece.length)))
      if (taken <= 0) return
      left -= taken
      piece.fill('x')
    }
    postMessage({ ms: performance.now() - startedAt } satisfies Flooded)
  }
  const socket = await Bun.connect({ unix: path, socket: { data: () => undefined, drain: send } })
  self.addEventListener('message', () => {
    startedAt = performance.now()
    send(socket)
  })
  postMessage({ ms: 0 } satisfies Flooded)
}

self.addEventListener('message', ({ data }: MessageEvent<FloodOptions>) => void flood(data), { once: true })
