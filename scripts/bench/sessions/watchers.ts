// Those who watch sessions stream, a process of its own: `bun watchers.ts OPTIONS` opens WebSockets, says `ready` once
// each follows its session, and when its stdin has ended and everything has come, prints how long each piece took from
// its child to here, and what was lost or out of its order.

export type WatchersOptions = {
  url: string
  /** for each WebSocket what it says first, if anything, and what it then hears when it follows */
  watchers: { says?: string; hears?: string }[]
  /** pieces that each of them hears */
  pieces: number
}
export type Watched = {
  /** µs from the child's write to the frame here, of all but the first */
  p50: number
  p99: number
  count: number
  /** pieces that never came, and those that came before one that was said earlier */
  lost: number
  disordered: number
}

/** the first are of a stream that begins */
const warmPieces = 20
const mostQuietMs = 10_000

const piece = /"(?:chunk|text)":"([\d.]+) (\d+) and/
const times: number[] = []
let lost = 0
let disordered = 0

const open = ({ url, pieces }: WatchersOptions, { says, hears }: WatchersOptions['watchers'][number]) => {
  const ready = Promise.withResolvers<void>()
  const done = Promise.withResolvers<void>()
  let next = 0
  const socket = new WebSocket(url.replace('http', 'ws'))
  socket.addEventListener('open', () => {
    if (says !== undefined) socket.send(says)
    if (hears === undefined) ready.resolve()
  })
  socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
    // the same clock as the child's, whatever it says
    const now = performance.timeOrigin + performance.now()
    if (hears !== undefined && data.includes(hears)) ready.resolve()
    const [, written, number] = piece.exec(data) ?? []
    if (written === undefined) return
    const n = Number(number)
    // what is said whole at the end repeats them
    if (n < next) disordered += next === pieces ? 0 : 1
    else {
      lost += n - next
      next = n + 1
      if (n >= warmPieces) times.push((now - Number(written)) * 1000)
    }
    if (next === pieces) done.resolve()
  })
  socket.addEventListener('close', ({ code }) => ready.reject(new Error(`A WebSocket closed with ${code}`)))
  return { ready: ready.promise, done: done.promise, missing: () => pieces - next }
}

const options: WatchersOptions = JSON.parse(process.argv[2] ?? '')
const watchers = options.watchers.map((each) => open(options, each))
await Promise.all(watchers.map(({ ready }) => ready))
console.log('ready')
await Bun.stdin.text()
await Promise.race([Promise.all(watchers.map(({ done }) => done)), Bun.sleep(mostQuietMs)])
for (const { missing } of watchers) lost += missing()
times.sort((a, b) => a - b)
const part = (share: number) => times[Math.floor(times.length * share)] ?? NaN
const watched: Watched = { p50: part(0.5), p99: part(0.99), count: times.length, lost, disordered }
console.log(JSON.stringify(watched))
process.exit(0)
