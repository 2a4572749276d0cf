// What is under /api/daemon asks for keys and tokens of its own, so it is held here to what guards the rest: the wall,
// guessing, the limits, names that are data, secrets that stay inside; and neither's proof opens the other's door.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '../../src/protocol/limits.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { hostOf, sendRaw } from '../support/raw-http.ts'

let daemon: TestDaemon
let open = ''
let key = ''
let secret = ''
let access = ''
let refresh = ''

const post = (url: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${url}/api/daemon${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

beforeAll(async () => {
  daemon = await startDaemon({
    args: ['--listen', '127.0.0.1:0', '--listen', '127.0.0.1:0,auth=none', '--webhooks', '127.0.0.1:0'],
  })
  open = daemon.urls[1] ?? ''
  ;({ key, secret } = JSON.parse((await daemon.run(['keys', 'add', 'laptop', '--json'])).stdout))
  const login = JSON.parse(await (await post(daemon.url, '/auth', { apiKey: key, apiSecret: secret })).text())
  access = login.accessToken
  refresh = login.refreshToken
})
afterAll(() => daemon.stop())

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

test('the wall stands before it: a foreign Host, Origin or site, a form of another page', async () => {
  for (const url of [daemon.url, open]) {
    const start = ['POST /api/daemon/heartbeat HTTP/1.1', `Authorization: Bearer ${access}`]
    const host = `Host: ${hostOf(url)}`
    for (const lines of [
      ['Host: evil.test'],
      [host, 'Origin: http://evil.test'],
      [host, 'Origin: null'],
      [host, 'Sec-Fetch-Site: cross-site'],
    ])
      expect((await sendRaw(url, [...start, ...lines])).status).toBe(403)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded'])
      for (const path of ['', '/auth', '/auth/refresh', '/heartbeat']) {
        const answer = await post(url, path, '{}', { 'content-type': type })
        expect([path, answer.status]).toEqual([path, 415])
      }
  }
})

test('the token of the daemon is nobody’s here, and a token of an agent opens nothing else', async () => {
  expect((await fetch(`${daemon.url}/api/daemon`, { headers: bearer(access) })).status).toBe(200)
  expect((await fetch(`${daemon.url}/api/daemon`, { headers: bearer(daemon.token) })).status).toBe(401)
  for (const path of ['/events', '/methods', '/call/system.status'])
    for (const shown of [access, refresh, key, secret])
      expect((await fetch(`${daemon.url}${path}`, { headers: bearer(shown) })).status).toBe(401)
  const { webhookUrls } = JSON.parse((await daemon.run(['status', '--json'])).stdout)
  expect((await fetch(`${webhookUrls[0]}/api/daemon`, { headers: bearer(access) })).status).toBe(404)
})

test('who may post to the daemon without a token still makes no key', async () => {
  const answer = await fetch(`${open}/call/key.add`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"name":"mine"}',
  })
  expect(answer.status).toBe(403)
  for (const name of ['key.list', 'agent.get']) {
    const told = await fetch(`${open}/call/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    expect(await told.text()).not.toContain(key)
  }
})

test('a body has its limit, a name is a name', async () => {
  const big = `{"status":"active","x":"${'x'.repeat(limits.bodyBytes)}"}`
  const answer = await post(daemon.url, '/heartbeat', big, bearer(access))
  expect([answer.status, await answer.json()]).toEqual([
    413,
    { error: expect.any(String), code: 'TOO_LARGE' },
  ])
  const metadata = { long: 'x'.repeat(limits.agentDataBytes) }
  const session = { orchestratorId: 'laptop', type: 'user', metadata }
  expect((await post(daemon.url, '/sessions', session, bearer(access))).status).toBe(400)
  const deep = `{"orchestratorId":"laptop","type":"user","metadata":${'{"a":'.repeat(5000)}1${'}'.repeat(5001)}`
  expect((await post(daemon.url, '/sessions', deep, bearer(access))).status).toBe(400)
  for (const id of ['__proto__', 'constructor', "' OR 1=1 --", '../../etc', '\u0000', '%', '*']) {
    const body = { sessionId: id, status: 'idle' }
    const changed = await fetch(`${daemon.url}/api/daemon/sessions`, {
      method: 'PATCH',
      headers: { ...bearer(access), 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect([id, changed.status]).toEqual([id, 404])
  }
  const proto = '{"orchestratorId":"laptop","type":"user","metadata":{"__proto__":{"polluted":1}}}'
  expect((await post(daemon.url, '/sessions', proto, bearer(access))).status).toBe(201)
  expect((await fetch(`${daemon.url}/api/daemon/sessions`, { headers: bearer(access) })).status).toBe(200)
})

const contents = (folder: string): [string, string][] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    const found = statSync(path, { throwIfNoEntry: false })
    if (found?.isDirectory()) return contents(path)
    return found?.isFile() ? [[path, readFileSync(path, 'latin1')] satisfies [string, string]] : []
  })

test('no key, secret or token is in a file, an event, a list or the log', async () => {
  const wrong = `vp_laptop_${'a'.repeat(64)}`
  await post(daemon.url, '', { orchestratorId: 'laptop', apiKey: wrong })
  await post(daemon.url, '/auth', { apiKey: wrong, apiSecret: secret })
  await post(daemon.url, '/auth/refresh', { refreshToken: refresh })
  await fetch(`${daemon.url}/api/daemon/events?since=evt_0`, { headers: bearer(access) })
  const said = [
    ...contents(daemon.home),
    ['events', (await daemon.run(['events', '--all', '--limit', '1000', '--json'])).stdout],
    ['keys', (await daemon.run(['keys', 'list', '--json'])).stdout],
    ['status', (await daemon.run(['status', '--json'])).stdout],
    ['output', daemon.output()],
  ] as const
  expect(said.find(([name]) => name === 'events')?.[1]).toContain('agent.logged_in')
  for (const [name, text] of said)
    for (const hidden of [key, secret, access, refresh, wrong, key.slice(-64)])
      expect([name, text.includes(hidden)]).toEqual([name, false])
})

test('an address that guesses waits, on every address of ours; who is right never does', async () => {
  const guess = (n: number) => {
    if (n % 4 === 0)
      return post(daemon.url, '/auth', { apiKey: `vp_laptop_${'b'.repeat(64)}`, apiSecret: secret })
    if (n % 4 === 1) return post(open, '/auth', { apiKey: key, apiSecret: `guess-${n}` })
    if (n % 4 === 2) return post(open, '/auth/refresh', { refreshToken: `guess-${n}` })
    return fetch(`${daemon.url}/api/daemon`, { headers: bearer(`guess-${n}`) })
  }
  const statuses: number[] = []
  for (let n = 0; n < limits.authFailures + 20; n++) statuses.push((await guess(n)).status)
  expect(new Set(statuses)).toEqual(new Set([401, 429]))
  expect(statuses.slice(-20).every((status) => status === 429)).toBe(true)
  const late = await guess(0)
  expect(await late.json()).toEqual({ error: expect.any(String), code: 'RATE_LIMITED' })
  expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await post(open, '/auth', { apiKey: key, apiSecret: secret })).status).toBe(200)
  expect((await fetch(`${daemon.url}/api/daemon`, { headers: bearer(access) })).status).toBe(200)
  const { refused } = JSON.parse((await daemon.run(['status', '--json'])).stdout)
  expect(refused.rate).toBeGreaterThanOrEqual(20)
  const owner = await fetch('http://paid/api/daemon', { unix: daemon.httpSocket, headers: bearer('guess') })
  expect(owner.status).toBe(401)
})
