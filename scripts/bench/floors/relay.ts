// Floor: the least that a Bun program can do between a child and those who watch it: what it says goes line by line to
// every WebSocket, and what a WebSocket says goes to it. `relay COMMAND…`; says its address.

import { argv } from 'node:process'

const child = Bun.spawn(argv.slice(2), { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' })
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  development: false,
  fetch: (request, server) => (server.upgrade(request) ? undefined : new Response('', { status: 400 })),
  websocket: {
    perMessageDeflate: false,
    open: (socket) => void socket.subscribe('all'),
    async message(_socket, message) {
      await child.stdin.write(`${String(message)}\n`)
      await child.stdin.flush()
    },
  },
})
console.log(server.url.href)

let rest = ''
for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split('\n')
  rest = lines.pop() ?? ''
  for (const line of lines) server.publish('all', line)
}
