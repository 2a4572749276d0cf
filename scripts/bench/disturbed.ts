// Pings, one at a time, while another client sends a long line without its end: `bun disturbed.ts OPTIONS` measures the
// same number of pings without it first. The other client is a thread of its own (flood.ts), so that it delays the
// pings by nothing but what it does to the daemon and takes of the machine.

import type { Flooded, FloodOptions } from './flood.ts'
import { failure, tell } from './program.ts'

export type DisturbedOptions = FloodOptions & { warmMs: number; runMs: number }
/** 99 of 100 pings took at most so many ms */
export type Disturbed = { quiet: number; disturbed: number; pings: number; floodMs: number }

const ping = Buffer.from('{"type":"ping","id":"p1"}\n')
const run = async (options: DisturbedOptions): Promise<Disturbed> => {
  let times: number[] = []
  let askedAt = 0
  const socket = await Bun.connect({
    unix: options.socket,
    socket: {
      data(socket) {
        times.push(performance.now() - askedAt)
        askedAt = performance.now()
        socket.write(ping)
      },
      close: () => failure.reject(new Error('The server closed the connection')),
    },
  })
  const flood = new Worker(new URL('flood.ts', import.meta.url))
  const told = () =>
    new Promise<Flooded>((resolve) =>
      flood.addEventListener('message', ({ data }: MessageEvent<Flooded>) => resolve(data), { once: true }),
    )
  flood.addEventListener('error', (event) => failure.reject(new Error(event.message)))
  const ready = told()
  flood.postMessage(options satisfies FloodOptions)
  await ready
  askedAt = performance.now()
  socket.write(ping)
  await Bun.sleep(options.warmMs)
  times = []
  await Bun.sleep(options.runMs)
  const quiet = p99(times)
  times = []
  const ended = told()
  flood.postMessage('go')
  const { ms } = await ended
  return { quiet, disturbed: p99(times), pings: times.length, floodMs: ms }
}

const p99 = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? NaN

const options: DisturbedOptions = JSON.parse(process.argv[2] ?? '')
await tell(run(options))
