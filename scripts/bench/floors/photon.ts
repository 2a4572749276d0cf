// Floor: the least that a Bun program can do with photon's frames: it parses each, answers a ping, and gives what is
// published to everybody else on that channel; each connection gets what came of one turn in one write. `photon PATH`.

type Data = { rest: string; text: string; unsent: Buffer }
type Socket = Bun.Socket<Data>

const channels = new Map<string, Set<Socket>>()
const waiting = new Set<Socket>()

const say = (socket: Socket, text: string): void => {
  if (waiting.size === 0) setImmediate(flushAll)
  waiting.add(socket)
  socket.data.text += text
}

const flush = (socket: Socket): void => {
  const { data } = socket
  const bytes = Buffer.from(data.text)
  data.text = ''
  data.unsent = data.unsent.length > 0 ? Buffer.concat([data.unsent, bytes]) : bytes
  data.unsent = data.unsent.subarray(Math.max(0, socket.write(data.unsent)))
}

const flushAll = (): void => {
  for (const socket of waiting) flush(socket)
  waiting.clear()
}

let messages = 0

const take = (socket: Socket, line: string): void => {
  const { type, id, channel, message } = JSON.parse(line)
  if (type === 'ping') return say(socket, `${JSON.stringify({ type: 'pong', id })}\n`)
  const listeners = channels.get(channel) ?? new Set()
  channels.set(channel, listeners)
  if (type === 'subscribe') listeners.add(socket)
  else {
    const pushed = JSON.stringify({
      type: 'channel_message',
      id: `ch_${Date.now()}_${++messages}`,
      channel,
      message,
    })
    for (const listener of listeners) if (listener !== socket) say(listener, `${pushed}\n`)
  }
  say(socket, `${JSON.stringify({ type: 'result', id, success: true, data: { channel } })}\n`)
}

const path = process.argv[2] ?? ''
Bun.listen<Data>({
  unix: path,
  socket: {
    open: (socket) => void (socket.data = { rest: '', text: '', unsent: Buffer.alloc(0) }),
    data(socket, chunk) {
      const lines = (socket.data.rest + chunk.toString('utf8')).split('\n')
      socket.data.rest = lines.pop() ?? ''
      for (const line of lines) take(socket, line)
    },
    drain: flush,
    close(socket) {
      waiting.delete(socket)
      for (const listeners of channels.values()) listeners.delete(socket)
    },
  },
  data: { rest: '', text: '', unsent: Buffer.alloc(0) },
})
console.log(path)
