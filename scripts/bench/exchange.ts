// Questions and answers on Unix sockets, a process of its own: `bun exchange.ts OPTIONS` asks the same few things round
// and round, on some connections with so many under way on each, and prints what it measured. An answer is looked at
// in one place, where what is right differs from what is not.

import { openWindow, type Measured } from './measured.ts'
import { failure, tell } from './program.ts'

export type ExchangeOptions = {
  /** pid of what is measured */
  server: number
  socket: string
  /** for each connection, what it asks in turn, and how each right answer begins; answers are one line each */
  connections: { asks: string[]; answers: string[] }[]
  inFlight: number
  warmMs: number
  runMs: number
}
/** Micros from the question to its answer, when one connection asks one thing at a time. */
export type Exchanged = { measured: Measured; p50?: number; p99?: number }

const newline = 0x0a

/** Runs for ever; `answered` is told how many answers came in one piece. */
const converse = async (
  path: string,
  { asks, answers }: ExchangeOptions['connections'][number],
  inFlight: number,
  answered: (count: number) => void,
) => {
  // all that is ever under way, twice over, so that whatever is to be sent is one piece of it
  const rounds = Math.ceil(inFlight / asks.length)
  const turns = asks.length * rounds
  const offsets = [0]
  const texts = Array.from({ length: 2 * rounds }, () => asks.map((ask) => `${ask}\n`)).flat()
  for (const text of texts) offsets.push((offsets.at(-1) ?? 0) + Buffer.byteLength(text))
  const bytes = Buffer.from(texts.join(''))
  const marks = answers.map((text) => ({ at: text.length - 1, byte: text.charCodeAt(text.length - 1) }))

  let asked = 0
  let heard = 0
  /** how far into a line the last piece ended */
  let into = 0
  const ask = (socket: Bun.Socket, count: number): void => {
    const from = offsets[asked]
    const to = offsets[asked + count]
    asked = (asked + count) % turns
    if (socket.write(bytes.subarray(from, to)) !== (to ?? 0) - (from ?? 0))
      failure.reject(new Error('A question did not fit its socket'))
  }
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data(socket, chunk) {
        let count = 0
        for (let start = 0; start < chunk.length;) {
          const mark = marks[heard]
          const at = start + (mark?.at ?? 0) - into
          if (at >= start && at < chunk.length && chunk[at] !== mark?.byte)
            return failure.reject(new Error(`A wrong answer: ${chunk.toString('utf8', start, start + 300)}`))
          const end = chunk.indexOf(newline, start)
          if (end < 0) {
            into += chunk.length - start
            break
          }
          count++
          if (++heard === marks.length) heard = 0
          into = 0
          start = end + 1
        }
        if (count === 0) return
        answered(count)
        ask(socket, count)
      },
      close: () => failure.reject(new Error('The server closed a connection')),
      error: (_socket, error) => failure.reject(error),
    },
  })
  ask(socket, inFlight)
}

const run = async ({ server, socket, connections, inFlight, warmMs, runMs }: ExchangeOptions) => {
  const single = connections.length === 1 && inFlight === 1
  const times: number[] = []
  let count = 0
  let last = 0
  const answered = (answers: number): void => {
    count += answers
    if (!single) return
    const now = performance.now()
    times.push(now - last)
    last = now
  }
  for (const connection of connections) await converse(socket, connection, inFlight, answered)
  await Bun.sleep(warmMs)
  const before = count
  times.length = 0
  const window = openWindow(server)
  await Bun.sleep(runMs)
  const measured = window.close(count - before)
  if (!single) return { measured }
  times.sort((a, b) => a - b)
  const part = (share: number) => (times[Math.floor(times.length * share)] ?? NaN) * 1000
  return { measured, p50: part(0.5), p99: part(0.99) }
}

const options: ExchangeOptions = JSON.parse(process.argv[2] ?? '')
await tell(run(options))
