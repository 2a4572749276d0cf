// The orchestrator daemon's protocol, case by case: the connection, its housekeeping, and what is not understood.
// The numbers are those of the contract.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { head } from '../support/http-text.ts'
import { frameOf, opcodes, openWebSocketWire } from '../support/websocket-wire.ts'
import { openWebSocket } from '../support/websocket.ts'
import { openWire } from '../support/wire.ts'

const greeting = '{"type":"health_check_response","healthy":true}'
const pong = '{"type":"pong"}'
const open = '127.0.0.1:0,auth=none'

let daemon: TestDaemon
let address: string
beforeAll(async () => {
  daemon = await startDaemon({ args: ['--listen', '127.0.0.1:0', '--listen', open] })
  address = daemon.urls[1] ?? ''
})
afterAll(() => daemon.stop())

const connect = (path = '/') => openWebSocket(`${address}${path}`)

const greetingAt = async (url: string, headers: Record<string, string> = {}) => {
  await using socket = await openWebSocket(url, headers)
  return socket.greeting
}

const upgrade = [
  'upgrade: websocket',
  'connection: Upgrade',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
]

describe('a connection', () => {
  test('1: is greeted before it says anything, in the same segment as the answer to its upgrade', async () => {
    const chunks: string[] = []
    await using wire = await openWire(address)
    const came = Promise.withResolvers<void>()
    wire.take((chunk) => {
      chunks.push(chunk.toString('latin1'))
      came.resolve()
    })
    wire.send(head({ url: address, token: '' }, 'GET', '/', ...upgrade))
    await came.promise
    expect(chunks[0]).toStartWith('HTTP/1.1 101 ')
    expect(chunks[0]).toEndWith(`\r\n\r\n\x81${String.fromCharCode(greeting.length)}${greeting}`)
  })

  test('2: a ping is answered, as text and as binary, 300 in a burst', async () => {
    await using socket = await connect()
    for (const ping of ['{"type":"ping"}', '{"type":"ping","at":1}', Buffer.from('{"type":"ping"}')]) {
      socket.send(ping)
      expect(await socket.frames.next()).toBe(pong)
    }
    for (let n = 0; n < 300; n++) socket.send(`{"type":"ping","id":${n}}`)
    expect(await socket.frames.take(300)).toEqual(
      Array.from({ length: 300 }, (_, n) => `{"type":"pong","id":${n}}`),
    )
  })

  test('3: health_check is answered as it is greeted', async () => {
    await using socket = await connect()
    socket.send('{"type":"health_check"}')
    expect(await socket.frames.next()).toBe(greeting)
  })

  test('4: daemon_status tells how the daemon is, and its uptime grows', async () => {
    await using socket = await connect()
    const status = async () => {
      socket.send('{"type":"daemon_status","payload":{"ignored":true}}')
      return JSON.parse(await socket.frames.next())
    }
    const first = await status()
    const works = { status: 'running', lastCheck: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) }
    expect(first).toEqual({
      type: 'daemon_status_update',
      status: {
        status: 'running',
        uptime: expect.any(Number),
        activeSessions: 0,
        queuedTasks: 0,
        metrics: {
          totalSessionsSpawned: 0,
          totalTasksProcessed: 0,
          totalTokensUsed: 0,
          averageSessionDuration: 0,
          activeSessions: 0,
          successRate: 1,
        },
        subsystems: {
          websocket: works,
          sessionManager: works,
          memoryManager: works,
          llmClient: works,
          mcpRegistry: works,
        },
      },
    })
    let later = first
    while (later.status.uptime === first.status.uptime) later = await status()
    expect(later.status.uptime).toBeGreaterThan(first.status.uptime)
  })

  test('5: opens on any path and query that nothing else answers on', async () => {
    for (const path of ['/', '/any/path?x=1', '/socket', '/sessions/../x', '/?compat=no'])
      expect((await greetingAt(`${address}${path}`)) ?? path).toBe(greeting)
  })

  test('6: a ping of the WebSocket protocol is answered', async () => {
    await using socket = await openWebSocketWire({ url: address, token: '' }, '/')
    socket.send(frameOf(opcodes.ping, 'there?'))
    const frames = await socket.until(({ length }) => length > 0)
    expect(frames[0]).toMatchObject({ opcode: opcodes.pong, payload: Buffer.from('there?') })
  })

  test('8: when the daemon stops, it closes with 1000 "Server shutting down", and /ws with 1001', async () => {
    await using ending = await startDaemon({ args: ['--listen', open] })
    await using first = await openWebSocket(`${ending.url}/`)
    await using second = await openWebSocket(`${ending.url}/any`)
    await using bus = await openWebSocket(`${ending.url}/ws`)
    await ending.kill('SIGTERM')
    const goodbye = { code: 1000, reason: 'Server shutting down' }
    expect([await first.closed, await second.closed, (await bus.closed).code]).toEqual([
      goodbye,
      goodbye,
      1001,
    ])
    expect(await ending.exited).toBe(0)
  })

  test('9: an auth frame breaks nothing', async () => {
    await using socket = await connect()
    socket.send('{"type":"auth","token":"whatever"}')
    expect(await socket.frames.next()).toBe('{"type":"error","error":"Unknown message type"}')
    expect(await socket.untilPong()).toEqual([])
  })
})

describe('what is not understood', () => {
  test.each(['not json', '', 'null', '{"type":', ' '])('10: %j has no format', async (text) => {
    await using socket = await connect()
    socket.send(text)
    expect(await socket.frames.next()).toBe('{"type":"error","error":"Invalid message format"}')
    expect(await socket.untilPong()).toEqual([])
  })

  test.each([
    '[]',
    '123',
    '"ping"',
    '{}',
    '{"type":null}',
    '{"type":"PING"}',
    '{"type":"pong"}',
    '{"type":"route_task"}',
    '{"type":["ping"]}',
    '{"type":"__proto__"}',
    '{"type":"toString"}',
    '{"type":"constructor"}',
  ])('11, 17: %s has no type that is known', async (text) => {
    await using socket = await connect()
    socket.send(text)
    expect(await socket.frames.next()).toBe('{"type":"error","error":"Unknown message type"}')
    expect(await socket.untilPong()).toEqual([])
  })

  test('an error says which question it answers, if that had an id', async () => {
    await using socket = await connect()
    socket.send('{"type":"nothing","id":"q1"}')
    expect(await socket.frames.next()).toBe('{"type":"error","error":"Unknown message type","id":"q1"}')
  })

  test('16: 3 MB of JSON are taken', async () => {
    await using socket = await connect()
    socket.send(`{"type":"ping","pad":"${'x'.repeat(3_000_000)}"}`)
    expect(await socket.frames.next()).toBe(pong)
  })
})

describe('who comes in', () => {
  const refused = async (path: string, ...lines: string[]) => {
    await using wire = await openWire(daemon.url)
    const { host } = new URL(daemon.url)
    wire.send([`GET ${path} HTTP/1.1`, `host: ${host}`, ...upgrade, ...lines, '', ''].join('\r\n'))
    const [top = '', body = ''] = (await wire.until('}')).split('\r\n\r\n')
    return { status: Number(top.split(' ')[1]), error: JSON.parse(body).error }
  }

  test('44: nobody without the token, which comes in a header or in the address', async () => {
    expect(await refused('/')).toEqual({ status: 401, error: 'credentials_missing' })
    expect(await refused('/any?token=wrong')).toEqual({ status: 401, error: 'api_key_invalid' })
    const { token, url } = daemon
    for (const shown of [`?token=${token}`, `?apiKey=${token}`])
      expect(await greetingAt(`${url}/${shown}`)).toBe(greeting)
    for (const headers of [{ authorization: `Bearer ${token}` }, { 'x-api-key': token }])
      expect(await greetingAt(`${url}/`, headers)).toBe(greeting)
  })

  test('45: no page of another origin', async () => {
    const right = `authorization: Bearer ${daemon.token}`
    expect((await refused('/', right, 'origin: http://evil.test')).status).toBe(403)
    expect((await refused('/any', right, 'origin: http://evil.test')).status).toBe(403)
  })
})

test('native calls and photon requests are answered on the same connection', async () => {
  await using socket = await connect()
  socket.send('{"id":1,"method":"event.list","params":{"channel":"nothing","since":0}}')
  expect(await socket.frames.next()).toBe('{"id":1,"result":{"events":[],"next":"evt_0"}}')
  socket.send('{"type":"query_lock","id":"a","lockName":"b"}')
  expect(JSON.parse(await socket.frames.next())).toMatchObject({ type: 'result', id: 'a' })
  expect(await socket.untilPong()).toEqual([])
})
