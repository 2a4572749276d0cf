// Floor: Bun's own publishing. A call's text goes to every WebSocket at once. `publish PATH`; says its address.

import { listenForLines } from './lines.ts'

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  development: false,
  fetch: (request, server) => (server.upgrade(request) ? undefined : new Response('', { status: 400 })),
  websocket: {
    perMessageDeflate: false,
    open: (socket) => void socket.subscribe('all'),
    message: () => undefined,
  },
})
listenForLines(process.argv[2] ?? '', (line) => {
  const { id, params } = JSON.parse(line)
  server.publish('all', params.text)
  return `{"id":${id},"result":{"ids":[]}}`
})
console.log(server.url.href)
