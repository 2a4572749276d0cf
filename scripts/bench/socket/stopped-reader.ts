// What a reader that stops reading costs: the daemon's memory while much is published past it, after as much was
// published to the same two readers while both read (which itself takes memory, of whatever daemon); and what becomes
// of the reader beside it.

import { residentOf } from '../memory.ts'
import { rowOf, type Row } from '../report.ts'
import type { Stage } from '../stage.ts'
import { publishLine, subscribeLine } from './exchanges.ts'

const channel = 'busy'
const messageBytes = 16 * 1024
const megabytes = 150
const messages = Math.ceil((megabytes * 1_000_000) / messageBytes)
/** as many as a socket takes in one piece */
const inFlight = 8
const sampleEveryMs = 20
const patienceMs = 30_000

export const stoppedReader = async (stage: Stage): Promise<Row[]> => {
  stage.say(`socket: ${megabytes} MB past a stopped reader`)
  // one of its own: what others left in its memory would hide what this one costs
  await using daemon = await stage.daemon()
  const reading = await listen(daemon.socket)
  const stopped = await listen(daemon.socket)
  const fresh = residentOf(daemon.pid)
  let most = fresh
  const sample = () => void (most = Math.max(most, residentOf(daemon.pid)))
  const sampling = setInterval(sample, sampleEveryMs)
  let before = 0
  try {
    await within(publish(daemon.socket), 'publishing')
    await within(Promise.all([reading.heard(messages), stopped.heard(messages)]), 'both readers')
    sample()
    before = most
    stopped.socket.pause()
    await within(publish(daemon.socket), 'publishing past one that stopped')
    await within(reading.heard(2 * messages), 'the reader beside it')
    sample()
    stopped.socket.resume()
    await within(stopped.lagged, 'word to the stopped reader')
  } finally {
    clearInterval(sampling)
    reading.socket.terminate()
    stopped.socket.terminate()
  }
  return [
    rowOf({
      what: `memory by which ${megabytes} MB past a stopped reader grow the daemon, at most`,
      unit: 'MB',
      ours: [(most - before) / 1e6],
      better: 'less',
      least: 32,
      notes: [
        `resident ${megabytesOf(fresh)} MB at first, at most ${megabytesOf(before)} MB while both read as much, ` +
          `${megabytesOf(most)} MB past the stopped one`,
        `the reader beside it got all ${messages}, the stopped one ${stopped.messages() - messages} and then \`lagged\``,
      ],
    }),
  ]
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

const publish = async (path: string): Promise<void> => {
  const line = Buffer.from(`${publishLine(channel, 'm'.repeat(messageBytes))}\n`)
  const done = Promise.withResolvers<void>()
  let left = messages
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
          if (++answers === messages) done.resolve()
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
