// The listeners, a process of their own: `bun listeners.ts OPTIONS` opens Unix sockets, subscribes on each, and counts
// what they get while one publisher publishes. Nothing is looked into but where a delivery ends.

import { type Fanned, type Heard, publishTo, type Publishing } from './publishing.ts'
import { failure, tell } from './program.ts'

export type ListenerOptions = {
  socket: string
  /** what each of them sends first, and how many lines answer it */
  greetings: string[]
  greeted: number
  /** lines of one delivery */
  lines: number
  /** how many of the first of them hear what is published */
  hear: number
  publish: Publishing
}

const newline = 0x0a

let came = (): void => undefined

/** Counts deliveries of so many lines each: where one ended, the next is likely to end as far behind it. */
const createLineCounter = (lines: number) => {
  let likely = 0
  /** bytes of a delivery that has begun, and how many of its lines ended in them */
  let begun = 0
  let ended = 0

  const counter = {
    frames: 0,
    bytes: 0,
    push: (chunk: Buffer): void => {
      counter.bytes += chunk.length
      for (let at = 0; at < chunk.length;) {
        if (begun === 0 && likely > 0 && chunk[at + likely - 1] === newline) {
          at += likely
          counter.frames++
          continue
        }
        const end = chunk.indexOf(newline, at)
        if (end < 0) {
          begun += chunk.length - at
          return
        }
        begun += end + 1 - at
        at = end + 1
        if (++ended < lines) continue
        likely = begun
        begun = ended = 0
        counter.frames++
      }
    },
  }
  return counter
}

const openListener = async (options: ListenerOptions, greeting: string): Promise<Heard> => {
  const counter = createLineCounter(options.lines)
  const greeted = Promise.withResolvers<void>()
  let answers = options.greeted
  const greet = (chunk: Buffer): void => {
    if (/error|^-/i.test(chunk.toString('utf8'))) failure.reject(new Error(chunk.toString('utf8')))
    answers -= chunk.reduce((sum, byte) => sum + (byte === newline ? 1 : 0), 0)
    if (answers > 0) return
    take = counter.push
    greeted.resolve()
  }
  let take = greet
  const socket = await Bun.connect({
    unix: options.socket,
    socket: {
      data(_socket, chunk) {
        take(chunk)
        came()
      },
      close: () => failure.reject(new Error('The server closed a listener')),
      error: (_socket, error) => failure.reject(error),
    },
  })
  socket.write(`${greeting}\n`)
  await greeted.promise
  return counter
}

const run = async (options: ListenerOptions): Promise<Fanned> => {
  const listeners: Heard[] = []
  for (const greeting of options.greetings) listeners.push(await openListener(options, greeting))
  const hear = listeners.slice(0, options.hear)
  const fanned = await publishTo(options.publish, hear, (told) => void (came = told), failure.reject)
  if (listeners.slice(options.hear).some(({ frames }) => frames > 0))
    throw new Error('A listener heard what was published on another channel')
  return fanned
}

const options: ListenerOptions = JSON.parse(process.argv[2] ?? '')
await tell(run(options))
