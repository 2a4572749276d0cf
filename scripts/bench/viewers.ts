// The viewers, a process of their own: `bun viewers.ts OPTIONS` opens WebSockets and counts what they get.
// With `publish` it is a whole measurement. Without it, it says `ready`, watches until its stdin ends, and prints how
// many frames each viewer got.

import { createFrameCounter } from './frames.ts'
import { type Fanned, type Publishing, publishTo } from './publishing.ts'
import { failure, tell } from './program.ts'

export type ViewerOptions = {
  port: number
  path: string
  token: string
  viewers: number
  publish?: Publishing
}
export type Watched = { frames: number[] }

const quietMs = 250
const mostQuietMs = 5000

const endOfHead = '\r\n\r\n'

type Failed = (error: unknown) => void

const openViewer = async ({ port, path, token }: ViewerOptions, came: () => void, failed: Failed) => {
  const counter = createFrameCounter()
  const opened = Promise.withResolvers<void>()
  let head = ''
  const upgrade = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    `Authorization: Bearer ${token}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    endOfHead,
  ]
  const open = (chunk: Buffer): void => {
    head += chunk.toString('latin1')
    const end = head.indexOf(endOfHead)
    if (end < 0) return
    if (!head.startsWith('HTTP/1.1 101')) return failed(new Error(`No upgrade: ${head}`))
    opened.resolve()
    take = counter.push
    const rest = head.slice(end + endOfHead.length)
    if (rest) take(Buffer.from(rest, 'latin1'))
  }
  let take = open
  await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      open: (socket) => void socket.write(upgrade.join('\r\n').replace(/(\r\n)+$/, endOfHead)),
      data(_socket, chunk) {
        try {
          take(chunk)
          came()
        } catch (error) {
          failed(error)
        }
      },
      close: () => failed(new Error('The server closed a viewer')),
      error: (_socket, error) => failed(error),
    },
  })
  await opened.promise
  return counter
}

let came = (): void => undefined

const openAll = (options: ViewerOptions) =>
  Promise.all(
    Array.from({ length: options.viewers }, () => openViewer(options, () => came(), failure.reject)),
  )
type Counters = Awaited<ReturnType<typeof openAll>>

const watch = async (counters: Counters): Promise<Watched> => {
  let last = performance.now()
  came = () => void (last = performance.now())
  console.log('ready')
  await Bun.stdin.text()
  const until = performance.now() + mostQuietMs
  while (performance.now() - last < quietMs && performance.now() < until) await Bun.sleep(quietMs / 5)
  return { frames: counters.map(({ frames }) => frames) }
}

const run = async (options: ViewerOptions): Promise<Fanned | Watched> => {
  const counters = await openAll(options)
  if (!options.publish) return watch(counters)
  return publishTo(options.publish, counters, (told) => void (came = told), failure.reject)
}

const options: ViewerOptions = JSON.parse(process.argv[2] ?? '')
await tell(run(options))
