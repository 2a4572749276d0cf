// A listener with `auth=frame`: a WebSocket opens without a token and shows it in its first frame, or is closed.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { limits } from '../../src/protocol/limits.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { createHttp } from '../support/http.ts'
import { hostOf, sendRaw, upgrade } from '../support/raw-http.ts'
import { openWebSocket } from '../support/websocket.ts'

let daemon: TestDaemon
beforeAll(async () => {
  daemon = await startDaemon({ args: ['--listen', '127.0.0.1:0,auth=frame'] })
}, 30_000)
afterAll(() => daemon.stop())

const auth = (token: unknown) => JSON.stringify({ type: 'auth', token })
const call = '{"id":1,"method":"system.status","params":{}}'
const upgradeAt = (path: string, headers: string[] = []) =>
  sendRaw(daemon.url, [`GET ${path} HTTP/1.1`, `Host: ${hostOf(daemon.url)}`, ...upgrade, ...headers])

/** without a token, so that nothing greets it */
const open = ({ url } = daemon) => openWebSocket(url, {}, false)

const refused = async (): Promise<Record<string, number>> =>
  JSON.parse((await daemon.run(['status', '--json'])).stdout).refused

describe('a first frame with the token', () => {
  test('opens the door to what was sent right behind it', async () => {
    await using socket = await open()
    socket.send(auth(daemon.token))
    socket.send(call)
    expect(await socket.frames.next()).toContain('health_check_response')
    expect(JSON.parse(await socket.frames.next())).toMatchObject({ id: 1, result: { pid: daemon.pid } })
  })

  test('begins what the address asked for', async () => {
    await using socket = await openWebSocket(`${daemon.url}/ws?type=framed`)
    socket.send(Buffer.from(auth(daemon.token)))
    expect(await socket.untilPong()).toEqual([])
    const http = createHttp(daemon.url, { token: daemon.token })
    await http.post('/events', { type: 'framed' })
    expect(JSON.parse(await socket.frames.next())).toMatchObject({ type: 'event', data: { type: 'framed' } })
  })
})

test('a token on the upgrade needs no frame, and a wrong one is refused before it', async () => {
  await using socket = await openWebSocket(`${daemon.url}/ws?token=${daemon.token}`)
  expect(await socket.untilPong()).toEqual([])
  expect((await upgradeAt('/ws?token=wrong')).status).toBe(401)
  expect((await upgradeAt('/', ['X-Api-Key: wrong'])).status).toBe(401)
})

describe('before the token', () => {
  test.each([
    ['a call', call],
    ['a ping', '{"type":"ping"}'],
    ['a wrong token', auth('wrong')],
    ['a token that is no text', auth(7)],
    ['no token', '{"type":"auth"}'],
    ['no JSON', 'auth'],
    ['nothing', ''],
    ['null', 'null'],
  ])('%s closes it with 4401, and nothing is said', async (_, frame) => {
    const socket = await open()
    socket.send(frame)
    socket.send(call)
    expect((await socket.closed).code).toBe(4401)
    expect(socket.frames.all).toEqual([])
  })

  test('a frame longer than the limit closes it, though the token is in it', async () => {
    const socket = await open()
    socket.send(
      JSON.stringify({ type: 'auth', token: daemon.token, more: 'x'.repeat(limits.authFrameBytes) }),
    )
    expect((await socket.closed).code).toBe(4401)
  })

  test('nothing for 5 seconds closes it with 4401', async () => {
    const socket = await openWebSocket(`${daemon.url}/ws?replay=10`)
    expect(await socket.closed).toEqual({ code: 4401, reason: 'No token came within 5 seconds' })
    expect(socket.frames.all).toEqual([])
  }, 20_000)

  test('HTTP gets nothing, also when it looks like an upgrade', async () => {
    for (const path of ['/events', '/stats', '/methods', '/openapi.json', '/ws'])
      expect((await createHttp(daemon.url).get(path)).status).toBe(401)
    for (const path of ['/events', '/stats']) expect((await upgradeAt(path)).status).not.toBe(200)
    expect((await upgradeAt('/ws', ['Origin: http://evil.test'])).status).toBe(403)
    expect((await createHttp(daemon.url).get('/health')).status).toBe(200)
  })

  test('only so many wait at once, and whoever has the token comes in', async () => {
    const before = (await refused())['connections'] ?? 0
    await using stack = new AsyncDisposableStack()
    const waiting = await Promise.all(Array.from({ length: limits.webSocketsWithoutToken }, () => open()))
    for (const socket of waiting) stack.use(socket)
    expect((await upgradeAt('/')).status).toBe(429)
    expect((await refused())['connections']).toBe(before + 1)
    await using owner = await openWebSocket(`${daemon.url}/ws?token=${daemon.token}`)
    expect(await owner.untilPong()).toEqual([])
  }, 30_000)
})

test('guesses in frames are counted, and end in a wait as those in headers do', async () => {
  await using other = await startDaemon({ args: ['--listen', '127.0.0.1:0,auth=frame'] })
  for (let n = 0; n < limits.authFailures; n++) {
    const socket = await open(other)
    socket.send(auth(`guess-${n}`))
    expect((await socket.closed).code).toBe(4401)
  }
  expect((await createHttp(other.url, { token: 'guess' }).get('/events')).status).toBe(429)
  await using owner = await openWebSocket(`${other.url}/ws`)
  owner.send(auth(other.token))
  expect(await owner.untilPong()).toEqual([])
}, 30_000)
