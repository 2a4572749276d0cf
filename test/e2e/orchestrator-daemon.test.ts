// Case 54 of the orchestrator's protocol: a client that does what its daemon's first client did (JSON in and out, a
// Bearer, one renewal after a 401) works unchanged on every address, with a key that `paid keys add` made.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'

const json = z.record(z.string(), z.unknown())
type Json = z.infer<typeof json>

const createOldClient = (base: string, { key, secret }: { key: string; secret: string }) => {
  let access = ''
  let renewal = ''
  const request = async (method: string, path: string, body?: object, asks = true): Promise<Json> => {
    const send = () =>
      fetch(`${base}/api/daemon${path}`, {
        method,
        headers: { 'Content-Type': 'application/json', ...(asks && { Authorization: `Bearer ${access}` }) },
        ...(body && { body: JSON.stringify(body) }),
      })
    let answer = await send()
    if (answer.status === 401 && asks) {
      await refresh()
      answer = await send()
    }
    const told = json.parse(await answer.json())
    if (!answer.ok) throw new Error(`${String(told['error'])} (${String(told['code'])})`)
    return told
  }
  const refresh = async (): Promise<Json> => {
    const told = await request('POST', '/auth/refresh', { refreshToken: renewal }, false)
    access = String(told['accessToken'])
    return told
  }
  return {
    authenticate: async (scopes: string[]): Promise<Json> => {
      const told = await request('POST', '/auth', { apiKey: key, apiSecret: secret, scopes }, false)
      access = String(told['accessToken'])
      renewal = String(told['refreshToken'])
      return told
    },
    refresh,
    forgetAccess: () => void (access = 'gone'),
    sendHeartbeat: (sessionId: unknown, metrics?: object) =>
      request('POST', '/heartbeat', { sessionId, status: 'active', metrics }),
    getConfig: () => request('GET', '/config'),
    updateStatus: (status: string, message?: string) => request('PUT', '/status', { status, message }),
  }
}

describe('case 54', () => {
  let daemon: TestDaemon
  beforeAll(async () => {
    daemon = await startDaemon({ args: ['--listen', '127.0.0.1:0', '--listen', '127.0.0.1:0,auth=none'] })
  })
  afterAll(() => daemon.stop())

  test.each([
    ['that asks for the token', 0],
    ['that asks for none', 1],
  ])('on an address %s the old client does all it did', async (_, at) => {
    const made = await daemon.run(['keys', 'add', `vp-${at}`, '--json'])
    const client = createOldClient(daemon.urls[at] ?? '', JSON.parse(made.stdout))
    const login = await client.authenticate(['messages:read', 'messages:write'])
    expect(Date.parse(String(login['expiresAt'])) - Date.now()).toBeGreaterThan(3500_000)
    const beat = await client.sendHeartbeat(login['sessionId'], { memoryUsageMB: 256, messagesProcessed: 42 })
    expect(beat).toMatchObject({ success: true, heartbeatIntervalMs: 30_000 })
    const config = await client.getConfig()
    expect(config).toMatchObject({
      orchestrator: { id: `vp-${at}`, createdAt: expect.any(String), updatedAt: expect.any(String) },
      scopes: ['messages:read', 'messages:write'],
    })
    expect(await client.updateStatus('active', 'Processing requests')).toEqual({ success: true })
    expect(await client.updateStatus('paused')).toEqual({ success: true })
    expect(await client.updateStatus('lost').catch(String)).toContain('(VALIDATION_ERROR)')
    expect(await client.refresh()).toEqual({ accessToken: expect.any(String), expiresAt: expect.any(String) })
    client.forgetAccess()
    expect(await client.getConfig()).toMatchObject({ operationalConfig: { heartbeatIntervalMs: 30_000 } })
  })

  test('paid keys lists who is there, revokes at once, and shows no key again', async () => {
    const made = await daemon.run(['keys', 'add', 'laptop', '--scope', 'events:read', '--expires', '30d'])
    expect(made.code).toBe(0)
    const key = /^apiKey +(vp_laptop_[0-9a-f]{64})$/m.exec(made.stdout)?.[1] ?? ''
    const secret = /^apiSecret +([0-9a-f]{64})$/m.exec(made.stdout)?.[1] ?? ''
    expect(made.stdout).toContain('orchestratorId laptop')
    const client = createOldClient(daemon.url, { key, secret })
    const login = await client.authenticate([])
    await client.sendHeartbeat(login['sessionId'])
    const list = async () => {
      const { stdout } = await daemon.run(['keys', 'list', '--json'])
      expect(stdout).not.toContain(key)
      expect(stdout).not.toContain(secret)
      return (JSON.parse(stdout) as Json[]).find(({ name }) => name === 'laptop')
    }
    expect(await list()).toMatchObject({ state: 'valid', online: true, scopes: ['events:read'] })
    expect((await daemon.run(['keys', 'list'])).stdout).toMatch(/laptop +valid +online +events:read, until /)
    const again = await daemon.run(['keys', 'add', 'laptop'])
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('paid keys revoke laptop')])
    expect((await daemon.run(['keys', 'revoke', 'laptop', '--json'])).stdout.trim()).toBe('{"revoked":true}')
    expect(await client.getConfig().catch(String)).toContain('(TOKEN_REVOKED)')
    expect(await client.authenticate([]).catch(String)).toContain('(DAEMON_DISABLED)')
    expect(await list()).toMatchObject({ state: 'revoked', online: false })
    expect((await daemon.run(['keys', 'revoke', 'laptop'])).code).toBe(1)
    for (const words of [
      ['keys', 'add', 'a b'],
      ['keys', 'add', 'x', '--scope', 'all'],
      ['keys', 'add', '../x'],
    ])
      expect((await daemon.run(words)).code).toBe(2)
  })

  test('what an agent did outlives the daemon', async () => {
    const made = await daemon.run(['keys', 'add', 'kept', '--json'])
    const login = JSON.parse(made.stdout)
    const client = createOldClient(daemon.url, login)
    await client.authenticate([])
    const { home } = daemon
    await daemon.kill('SIGKILL')
    await using next = await startDaemon({ home })
    const after = createOldClient(next.url, login)
    expect(await after.authenticate([])).toMatchObject({ orchestrator: { id: 'kept' } })
    const list = JSON.parse((await next.run(['keys', 'list', '--json'])).stdout)
    expect(list.map(({ name }: { name: string }) => name)).toContain('kept')
  })
})
