// The WebSocket of an agent, which comes in with the access token of its login: what opens it, what is said of a token
// that does not, and how it ends. The number is that of the contract.

import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { TestDaemon } from '../support/daemon.ts'
import { hostOf, sendRaw, upgrade } from '../support/raw-http.ts'
import { startWithClaude } from '../support/sessions.ts'
import { openWebSocket } from '../support/websocket.ts'

const timeout = 30_000

let daemon: TestDaemon
let framed = ''
beforeAll(async () => {
  daemon = await startWithClaude({ args: ['--listen', '127.0.0.1:0', '--listen', '127.0.0.1:0,auth=frame'] })
  framed = daemon.urls[1] ?? ''
}, timeout)
afterAll(() => daemon.stop())

const logIn = async (name: string, ...flags: string[]): Promise<{ access: string; refresh: string }> => {
  const { code, stdout } = await daemon.run(['keys', 'add', name, '--json', ...flags])
  expect(code).toBe(0)
  const { key, secret } = JSON.parse(stdout)
  const answer = await fetch(`${daemon.url}/api/daemon/auth`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ apiKey: key, apiSecret: secret }),
  })
  const { accessToken: access, refreshToken: refresh } = JSON.parse(await answer.text())
  return { access, refresh }
}
const runs = ['--scope', 'sessions:run']

const refused = async (token: string): Promise<[number, string]> => {
  const lines = [`GET /?token=${token} HTTP/1.1`, `Host: ${hostOf(daemon.url)}`, ...upgrade]
  const { status, body } = await sendRaw(daemon.url, lines)
  return [status, JSON.parse(body).error]
}

const opens = async (url: string, headers: Record<string, string> = {}): Promise<string | undefined> => {
  await using socket = await openWebSocket(url, headers)
  return socket.greeting
}

describe('44: the access token of a login', () => {
  test('opens the WebSocket of the orchestrator, wherever it is shown', async () => {
    const { access } = await logIn('web', ...runs)
    for (const path of [`/?token=${access}`, `/any?apiKey=${access}`, `/api/daemon/ws?token=${access}`])
      expect(await opens(`${daemon.url}${path}`)).toContain('health_check_response')
    for (const headers of [{ authorization: `Bearer ${access}` }, { 'x-api-key': access }])
      expect(await opens(`${daemon.url}/api/daemon/ws`, headers)).toContain('health_check_response')
  })

  test(
    'runs sessions there, and does nothing else',
    async () => {
      const { access } = await logIn('runner', ...runs)
      await using socket = await openWebSocket(`${daemon.url}/?token=${access}`)
      const unknown = { type: 'error', error: 'Unknown message type' }
      for (const frame of [
        { id: 1, method: 'key.list', params: {} },
        { type: 'lock', id: 'a', lockName: 'b' },
        { type: 'subscribe', id: 'b', channel: 'system:*' },
      ]) {
        socket.send(JSON.stringify(frame))
        expect(JSON.parse(await socket.frames.next())).toMatchObject(unknown)
      }
      const task = { type: 'code', description: 'say all done', priority: 'high', status: 'pending' }
      socket.send(JSON.stringify({ type: 'spawn_session', payload: { orchestratorId: 'vp_1', task } }))
      const { type, session } = JSON.parse(await socket.frames.next())
      expect([type, session.status]).toEqual(['session_spawned', 'initializing'])
      for (;;) {
        const frame = JSON.parse(await socket.frames.next())
        if (frame.type === 'task_completed') break
      }
      const { stdout } = await daemon.run(['call', 'session.get', JSON.stringify({ id: session.id })])
      expect(JSON.parse(stdout).session.labels.orchestratorId).toBe('vp_1')
      const bus = await sendRaw(daemon.url, [
        `GET /ws?token=${access} HTTP/1.1`,
        `Host: ${hostOf(daemon.url)}`,
        ...upgrade,
      ])
      expect(bus.status).toBe(401)
    },
    timeout,
  )

  test(
    'is refused before the upgrade when it is wrong, and told why',
    async () => {
      const { access, refresh } = await logIn('short', ...runs)
      const [head = '', body = '', signature = ''] = access.split('.')
      const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const own = `${head}.${body}`
      const forged = createHmac('sha256', 'daemon-secret-change-in-production')
        .update(own)
        .digest('base64url')
      expect(await refused('')).toEqual([401, 'api_key_invalid'])
      expect(await refused('a.b')).toEqual([401, 'jwt_malformed'])
      expect(await refused(`x.${body}.${signature}`)).toEqual([401, 'jwt_header_invalid'])
      expect(await refused(`${text({ alg: 'none' })}.${body}.`)).toEqual([401, 'jwt_algorithm_unsupported'])
      expect(await refused(`${own}.${forged}`)).toEqual([401, 'jwt_signature_invalid'])
      expect(await refused(refresh)).toEqual([401, 'jwt_payload_schema_invalid'])
      // what a key may do besides does not mean that it may do this
      expect(await refused((await logIn('any')).access)).toEqual([403, 'insufficient_scope'])
      const reads = await logIn('reads', '--scope', 'sessions:read', '--scope', 'sessions:write')
      expect(await refused(reads.access)).toEqual([403, 'insufficient_scope'])
      const gone = await logIn('gone', ...runs)
      const headers = { authorization: `Bearer ${gone.access}` }
      expect((await fetch(`${daemon.url}/api/daemon`, { method: 'DELETE', headers })).status).toBe(200)
      expect(await refused(gone.access)).toEqual([401, 'token_revoked'])
    },
    timeout,
  )

  test(
    'ends an open WebSocket when its time is over, or when its key is taken back',
    async () => {
      const taken = await logIn('taken', ...runs)
      await using revoked = await openWebSocket(`${daemon.url}/?token=${taken.access}`)
      expect((await daemon.run(['keys', 'revoke', 'taken'])).code).toBe(0)
      expect(await revoked.frames.next()).toBe('{"type":"error","error":"token_revoked"}')
      expect(await revoked.closed).toEqual({ code: 4001, reason: 'Token revoked' })
      const brief = await logIn('brief', ...runs, '--expires', '5s')
      await using expiring = await openWebSocket(`${daemon.url}/?token=${brief.access}`)
      expect(await expiring.frames.next()).toBe('{"type":"error","error":"token_expired"}')
      expect(await expiring.closed).toEqual({ code: 4001, reason: 'Token expired' })
      expect(await refused(brief.access)).toEqual([401, 'jwt_expired'])
    },
    timeout,
  )

  test('comes in the first frame where the listener says so, with what is sent behind it', async () => {
    const { access, refresh } = await logIn('framed', ...runs)
    const auth = (token: string) => JSON.stringify({ type: 'auth', token })
    await using socket = await openWebSocket(`${framed}/api/daemon/ws`, {}, false)
    socket.send(auth(access))
    socket.send('{"type":"ping"}')
    expect(await socket.frames.next()).toContain('health_check_response')
    expect(await socket.frames.next()).toBe('{"type":"pong"}')
    socket.send('{"id":1,"method":"system.status","params":{}}')
    expect(await socket.frames.next()).toContain('Unknown message type')
    await using wrong = await openWebSocket(framed, {}, false)
    wrong.send(auth(refresh))
    expect((await wrong.closed).code).toBe(4401)
  })
})
