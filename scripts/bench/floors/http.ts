// Floor: the least that a Bun program can do to take an event by HTTP. Says its address on stdout.

let events = 0

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  development: false,
  fetch: async (request) => {
    await request.json()
    return Response.json({ ok: true, eventId: `evt_${++events}` })
  },
})
console.log(server.url.href)
