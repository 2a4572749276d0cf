// What a reader that stops reading costs: by how much the daemon grows while much is published past it. Measured from
// a daemon that is warm, because the first megabytes of whatever work take memory of any program (compiled code, the
// collector's first round); beside it, the same from its start, and with a reader that reads all.

import { residentOf } from '../memory.ts'
import { rowOf, type Row } from '../report.ts'
import type { Stage } from '../stage.ts'
import { publishLine, subscribeLine } from './exchanges.ts'

const channel = 'busy'
const messageBytes = 16 * 1024
const megabytes = 150
const warmMegabytes = 5
const messagesIn = (size: number) => Math.ceil((size * 1_000_000) / messageBytes)
const messages = messagesIn(megabytes)
/** as many as a socket takes in one piece */
const inFlight = 8
const sampleEveryMs = 20
const patienceMs = 30_000

export const stoppedReader = async (stage: Stage): Promise<Row[]> => {
  stage.say(`socket: ${megabytes} MB past a stopped reader`)
  const stopped = await grown(stage, true)
  const reading = await grown(stage, false)
  const about = ({ fresh, warm, most }: Grown) => [fresh, warm, most].map(megabytesOf).join(', ')
  return [
    rowOf({
      what: `memory by which ${megabytes} MB past a stopped reader grow a daemon that ${warmMegabytes} MB have warmed, at most`,
      unit: 'MB',
      ours: [(stopped.most - stopped.warm) / 1e6],
      better: 'less',
      least: 32,
      notes: [
        `resident at the start, warm, and at most: ${about(stopped)} MB past the stopped reader, ${about(reading)} MB with one that reads all`,
        `the reader beside it got all ${messages}, the stopped one ${stopped.heard} and then \`lagged\``,
      ],
    }),
  ]
}

type Grown = { fresh: number; warm: number; most: number; heard: number }

/** Two readers hear what warms the daemon; then one of them may stop, and the other hears all. */
const grown = async (stage: Stage, stops: boolean): Promise<Grown> => {
  // one of its own: what others left in its memory would hide what this costs
  await using daemon = await stage.daemon()
  const other = await listen(daemon.socket)
  const one = await listen(daemon.socket)
  const fresh = residentOf(daemon.pid)
  const warming = messagesIn(warmMegabytes)
  await within(publish(daemon.socket, warming), 'publishing')
  await within(Promise.all([other.heard(warming), one.heard(warming)]), 'both readers')
  const warm = residentOf(daemon.pid)
  let most = warm
  const sample = () => void (most = Math.max(most, residentOf(daemon.pid)))
  const sampling = setInterval(sample, sampleEveryMs)
  try {
    if (stops) one.socket.pause()
    await within(publish(daemon.socket, messages), 'publishing')
    await within(other.heard(warming + messages), 'the reader beside it')
    sample()
    one.socket.resume()
    await within(stops ? one.lagged : one.heard(warming + messages), 'the other reader')
  } finally {
    clearInterval(sampling)
    other.socket.terminate()
    one.socket.terminate()
  }
  return { fresh, warm, most, heard: one.messages() - warming }
}

const megabytesOf = (bytes: number): string => (bytes / 1e6).toFixed(0)

/** A subscriber that counts lines. */
const listen = async (path: string) => {
  const told = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  let lines = 0
  let wanted = Infinity
  let all = (): void => undefined
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data(_socket, chunk) {
        for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
        begun.resolve()
        // the first line is the answer to its subscribe
        if (lines > wanted) all()
        if (chunk.includes('"type":"lagged"')) told.resolve()
      },
    },
  })
  socket.write(`${subscribeLine(channel)}\n`)
  await begun.promise
  return {
    socket,
    lagged: told.promise,
    messages: () => lines - 2,
    heard: (count: number): Promise<void> =>
      new Promise((resolve) => {
        wanted = count
        all = resolve
        if (lines > wanted) resolve()
      }),
  }
}

const publish = async (path: string, count: number): Promise<void> => {
  const line = Buffer.from(`${publishLine(channel, 'm'.repeat(messageBytes))}\n`)
  const done = Promise.withResolvers<void>()
  let left = count
  let answers = 0
  const send = (socket: Bun.Socket) => {
    if (left-- > 0 && socket.write(line) !== line.length)
      done.reject(new Error('A message did not fit its socket'))
  }
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data(socket, chunk) {
        if (chunk.includes('"error"')) done.reject(new Error(chunk.toString('utf8')))
        for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) {
          if (++answers === count) done.resolve()
          send(socket)
        }
      },
      close: () => done.reject(new Error('The server closed the publisher')),
    },
  })
  for (let n = 0; n < inFlight; n++) send(socket)
  await done.promise
  socket.terminate()
}

const within = async (work: Promise<unknown>, what: string): Promise<void> => {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`It took too long: ${what}`)), patienceMs)
  try {
    await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
