// Case 50 of the orchestrator's protocol: which token lets whom in, for how long, and to what.

import { describe, expect, test } from 'bun:test'
import { flat, openAgentsRoom } from '../support/agents-room.ts'

describe('case 50, tokens', () => {
  const openLogin = async (room: ReturnType<typeof openAgentsRoom>, name = 'laptop') => {
    const made = await room.keyFor(name)
    const login = await room.logIn(made)
    const comesIn = async (token = login.accessToken) =>
      (await room.ask('GET', '/api/daemon', { token })).status
    const renews = async () => {
      const { status, body } = await room.ask('POST', '/api/daemon/auth/refresh', {
        body: { refreshToken: login.refreshToken },
      })
      const { code, accessToken } = body as { code?: string; accessToken?: string }
      return { status, code, accessToken }
    }
    return { ...made, ...login, comesIn, renews }
  }

  test('the one that renews lets nobody in', async () => {
    using room = openAgentsRoom()
    const { refreshToken, comesIn } = await openLogin(room)
    expect(await comesIn()).toBe(200)
    expect(await comesIn(refreshToken)).toBe(401)
  })

  test('both are refused after unregistering; the key logs in again', async () => {
    using room = openAgentsRoom()
    const { key, secret, accessToken: token, comesIn, renews } = await openLogin(room)
    const answer = await room.ask('DELETE', '/api/daemon', { token })
    expect([answer.status, answer.body]).toEqual([
      200,
      { success: true, message: 'Daemon unregistered successfully' },
    ])
    expect(await comesIn()).toBe(401)
    expect(await renews()).toMatchObject({ status: 401, code: 'TOKEN_REVOKED' })
    await room.logIn({ key, secret })
    expect(await comesIn()).toBe(401)
  })

  test('both are refused when the key is taken back, and so is the key; a new one is another', async () => {
    using room = openAgentsRoom()
    const { key, secret, comesIn, renews } = await openLogin(room)
    await room.revoke('laptop')
    expect(await comesIn()).toBe(401)
    expect(await renews()).toMatchObject({ status: 401, code: 'TOKEN_REVOKED' })
    const auth = () => room.ask('POST', '/api/daemon/auth', { body: { apiKey: key, apiSecret: secret } })
    const disabled = await auth()
    expect([disabled.status, disabled.body]).toEqual([403, flat('Daemon is disabled', 'DAEMON_DISABLED')])
    await room.keyFor('laptop')
    expect((await auth()).status).toBe(401)
    expect(await comesIn()).toBe(401)
  })

  test('an access token lasts an hour, the one that renews it seven days', async () => {
    using room = openAgentsRoom()
    const { comesIn, renews } = await openLogin(room)
    await room.pass(3600_000 - 1)
    expect(await comesIn()).toBe(200)
    await room.pass(1)
    expect(await comesIn()).toBe(401)
    const { accessToken } = await renews()
    expect(await comesIn(accessToken)).toBe(200)
    await room.pass(7 * 24 * 3600_000 - 3600_000)
    expect(await comesIn(accessToken)).toBe(401)
    expect(await renews()).toMatchObject({ status: 401, code: 'TOKEN_EXPIRED' })
  })

  test('nothing lasts longer than the key', async () => {
    using room = openAgentsRoom()
    const { key, secret, accessToken } = await (async () => {
      const made = await room.keyFor('short', { expires: 60_000 })
      return { ...made, ...(await room.logIn(made)) }
    })()
    await room.pass(60_000)
    expect((await room.ask('GET', '/api/daemon', { token: accessToken })).status).toBe(401)
    const { status } = await room.ask('POST', '/api/daemon/auth', {
      body: { apiKey: key, apiSecret: secret },
    })
    expect(status).toBe(403)
  })

  test('signed by another, of no algorithm, or altered: refused', async () => {
    using room = openAgentsRoom()
    const { accessToken, comesIn } = await openLogin(room)
    const [head = '', payload = '', signature = ''] = accessToken.split('.')
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const forged = [
      `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.`,
      `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.${signature}`,
      `${head}.${encode({ ...claims, orchestratorId: 'other' })}.${signature}`,
      `${head}.${payload}.${signature}.${signature}`,
      `${head}.${payload}.${signature}=`,
      `${head}.${payload}.${new Bun.CryptoHasher('sha256', 'daemon-secret').update(`${head}.${payload}`).digest('base64url')}`,
      `${head}.${payload}`,
      '..',
    ]
    for (const token of forged) expect(await comesIn(token)).toBe(401)
  })
})

describe('scopes', () => {
  test('a key that is limited does no more, whatever its login asks for', async () => {
    using room = openAgentsRoom()
    const made = await room.keyFor('reader', { scopes: ['events:read'] })
    for (const asked of [[], ['messages:read'], ['sessions:write', 'events:write', '*']]) {
      const { accessToken: token } = await room.logIn(made, asked)
      const status = async (method: string, path: string, body?: object) =>
        (await room.ask(method, `/api/daemon${path}`, { token, ...(body && { body }) })).status
      expect(await status('GET', '/events')).toBe(200)
      expect(await status('POST', '/heartbeat')).toBe(200)
      expect(await status('GET', '/config')).toBe(200)
      expect(await status('DELETE', '/events', { eventIds: ['evt_1'] })).toBe(403)
      expect(await status('POST', '/sessions', { orchestratorId: 'reader', type: 'user' })).toBe(403)
      expect(await status('GET', '/sessions')).toBe(403)
      const { body } = await room.ask('PUT', '/api/daemon/status', { token, body: { status: 'active' } })
      expect(body).toEqual(flat('This needs the scope status:write', 'INSUFFICIENT_SCOPE'))
    }
  })

  test('a login may ask for less; words of others take nothing away', async () => {
    using room = openAgentsRoom()
    const made = await room.keyFor('laptop')
    const mayList = async (scopes: string[]) => {
      const { accessToken: token } = await room.logIn(made, scopes)
      const { body } = await room.ask('GET', '/api/daemon/config', { token })
      expect((body as { scopes: string[] }).scopes).toEqual(scopes)
      return (await room.ask('GET', '/api/daemon/sessions', { token })).status
    }
    expect(await mayList(['messages:read', 'messages:write'])).toBe(200)
    expect(await mayList(['events:read'])).toBe(403)
  })
})
