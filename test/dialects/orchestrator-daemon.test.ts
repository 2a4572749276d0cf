// Case 46 of the orchestrator's protocol: the routes of `/api/daemon`, each with its statuses, its answers and its two
// shapes of errors, as the first backend gave them.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  daemonInfo,
  flat,
  iso,
  nested,
  openAgentsRoom,
  type Said,
  unauthorized,
} from '../support/agents-room.ts'

describe('case 46, the table of routes', () => {
  const room = openAgentsRoom()
  let key = ''
  let secret = ''
  let token = ''
  let refresh = ''
  beforeAll(async () => {
    const made = await room.keyFor('vp_123', { organization: 'org_456' })
    ;({ key, secret } = made)
    const login = await room.logIn(made)
    token = login.accessToken
    refresh = login.refreshToken
    await room.keyFor('other')
  })
  afterAll(() => room[Symbol.dispose]())

  const { expectAnswer } = room

  test('POST /api/daemon registers', async () => {
    const answer = await room.register('vp_123', key)
    expect(answer.status).toBe(201)
    expect(answer.body).toEqual({
      success: true,
      data: {
        orchestratorId: 'vp_123',
        organizationId: 'org_456',
        registeredAt: iso,
        daemonInfo: { ...daemonInfo, registeredAt: iso },
        heartbeatInterval: 30_000,
        healthCheckEndpoint: '/api/daemon/health/vp_123',
      },
      message: 'Daemon registered successfully',
    })
  })

  test('POST /api/daemon refuses what is wrong, field by field', async () => {
    const path = '/api/daemon'
    const body = nested('Invalid JSON body', 'VALIDATION_ERROR')
    for (const text of ['', '{', 'x']) await expectAnswer('POST', path, { body: text }, 400, body)
    await expectAnswer(
      'POST',
      path,
      {
        body: { orchestratorId: '', apiKey: 7, daemonInfo: { ...daemonInfo, port: 70_000, protocol: 'ftp' } },
      },
      400,
      nested('Validation failed', 'VALIDATION_ERROR', {
        errors: {
          orchestratorId: ['Orchestrator ID is required'],
          organizationId: ['Required'],
          apiKey: ['Expected string, received number'],
          daemonInfo: [
            'Number must be less than or equal to 65535',
            "Invalid enum value. Expected 'http' | 'https' | 'ws' | 'wss', received 'ftp'",
          ],
        },
      }),
    )
    const answer = async (name: string, shown: string, organizationId = 'org_456') => {
      const { status, body: told } = await room.register(name, shown, {}, { organizationId })
      return [status, told]
    }
    const unknown = nested('Orchestrator not found', 'ORCHESTRATOR_NOT_FOUND')
    expect(await answer('nobody', key)).toEqual([404, unknown])
    expect(await answer('vp_123', key, 'org_7')).toEqual([
      403,
      nested('Orchestrator does not belong to organization', 'FORBIDDEN'),
    ])
    expect(await answer('vp_123', 'gns_x')).toEqual([401, nested('Invalid API key format', 'UNAUTHORIZED')])
    const wrong = nested('Invalid API key', 'UNAUTHORIZED')
    for (const shown of [`vp_vp_123_${'0'.repeat(64)}`, 'vp_anything', `${key}0`, key.slice(0, -1)])
      expect(await answer('vp_123', shown)).toEqual([401, wrong])
    expect(await answer('other', key)).toEqual([401, wrong])
  })

  test('POST /auth gives tokens', async () => {
    const path = '/api/daemon/auth'
    const told = await expectAnswer(
      'POST',
      path,
      { body: { apiKey: key, apiSecret: secret, scopes: ['x'] } },
      200,
      {
        accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        refreshToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        expiresAt: iso,
        sessionId: expect.stringMatching(/^daemon_session_vp_123_\d+$/),
        orchestrator: {
          id: 'vp_123',
          discipline: null,
          role: null,
          status: 'ONLINE',
          user: expect.any(Object),
          organization: { id: 'org_456', name: 'org_456', slug: 'org_456' },
        },
      },
    )
    const { accessToken } = told as { accessToken: string }
    const [header = '', payload = ''] = accessToken
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString())
    expect(JSON.parse(header)).toEqual({ alg: 'HS256', typ: 'JWT' })
    const now = room.clocks.wall / 1000
    expect(JSON.parse(payload)).toEqual({
      orchestratorId: 'vp_123',
      daemonId: expect.stringMatching(/^daemon_session_/),
      scopes: ['x'],
      type: 'access',
      iat: now,
      exp: now + 3600,
    })
    await expectAnswer('POST', path, { body: 'x' }, 400, flat('Invalid JSON body', 'VALIDATION_ERROR'))
    const both = flat('API key and secret required', 'VALIDATION_ERROR')
    for (const body of [{}, { apiKey: key }, { apiKey: key, apiSecret: '' }, []])
      await expectAnswer('POST', path, { body }, 400, both)
    const invalid = flat('Invalid credentials', 'INVALID_CREDENTIALS')
    for (const body of [
      { apiKey: key, apiSecret: 'wrong' },
      { apiKey: 'vp_nobody_0', apiSecret: secret },
      { apiKey: 'x', apiSecret: secret },
    ])
      await expectAnswer('POST', path, { body }, 401, invalid)
  })

  test('POST /auth/refresh renews', async () => {
    const path = '/api/daemon/auth/refresh'
    await expectAnswer('POST', path, { body: { refreshToken: refresh } }, 200, {
      accessToken: expect.any(String),
      expiresAt: iso,
    })
    for (const body of [{}, { refreshToken: '' }])
      await expectAnswer('POST', path, { body }, 400, flat('Refresh token required', 'VALIDATION_ERROR'))
    await expectAnswer('POST', path, { body: '{' }, 400, flat('Invalid JSON body', 'VALIDATION_ERROR'))
    const invalid = flat('Invalid or revoked token', 'INVALID_TOKEN')
    for (const refreshToken of ['x', `${refresh}x`, refresh.replace(/\.[^.]+$/, '.')])
      await expectAnswer('POST', path, { body: { refreshToken } }, 401, invalid)
    const kind = flat('Invalid token type', 'INVALID_TOKEN')
    await expectAnswer('POST', path, { body: { refreshToken: token } }, 401, kind)
  })

  test('GET /api/daemon tells how it does', () =>
    expectAnswer('GET', '/api/daemon', { token }, 200, {
      success: true,
      data: {
        orchestratorId: 'vp_123',
        daemonId: expect.stringMatching(/^daemon_session_/),
        status: 'offline',
        session: { id: expect.stringMatching(/^daemon_session_/), createdAt: iso, lastActivityAt: iso },
      },
    }))

  test('GET /config says how an agent works', async () => {
    const config = await expectAnswer('GET', '/api/daemon/config', { token }, 200, {
      orchestrator: {
        id: 'vp_123',
        discipline: null,
        role: null,
        status: 'ONLINE',
        daemonEndpoint: 'http://localhost:8080',
        createdAt: iso,
        updatedAt: iso,
      },
      user: expect.any(Object),
      organization: { id: 'org_456', name: 'org_456', slug: 'org_456' },
      capabilities: {},
      charter: null,
      operationalConfig: {
        heartbeatIntervalMs: 30_000,
        reconnectDelayMs: 5000,
        maxReconnectAttempts: 10,
        messageRateLimitPerMinute: 60,
        idleTimeoutMs: 300_000,
      },
      scopes: [],
      endpoints: expect.any(Object),
    })
    const { endpoints } = config as { endpoints: object }
    expect(Object.keys(endpoints)).toEqual([
      'messages',
      'channels',
      'presence',
      'status',
      'events',
      'heartbeat',
    ])
  })

  test('PUT /status is one of three', async () => {
    const path = '/api/daemon/status'
    await expectAnswer('PUT', path, { token, body: { status: 'paused', message: 'lunch' } }, 200, {
      success: true,
    })
    const { body } = await room.ask('GET', '/api/daemon/config', { token })
    expect(body).toMatchObject({
      orchestrator: { status: 'BUSY' },
      capabilities: { operationalStatus: 'paused', operationalMessage: 'lunch', lastStatusUpdate: iso },
    })
    const wrong = flat('Invalid status. Must be one of: active, paused, error', 'VALIDATION_ERROR')
    for (const given of [{}, { status: 'x' }, { status: 'active', message: 1 }])
      await expectAnswer('PUT', path, { token, body: given }, 400, wrong)
    await expectAnswer('PUT', path, { token, body: 'x' }, 400, flat('Invalid JSON body', 'VALIDATION_ERROR'))
  })

  test('/events takes ids to acknowledge, and a time that is none finds nothing', async () => {
    const path = '/api/daemon/events'
    await expectAnswer('GET', `${path}?since=nonsense`, { token }, 200, { events: [] })
    const required = flat('Event IDs required', 'VALIDATION_ERROR')
    for (const body of [{}, { eventIds: [] }, { eventIds: [1] }])
      await expectAnswer('DELETE', path, { token, body }, 400, required)
    await expectAnswer(
      'DELETE',
      path,
      { token, body: '{' },
      400,
      flat('Invalid JSON body', 'VALIDATION_ERROR'),
    )
    await expectAnswer('DELETE', path, { token, body: { eventIds: ['msg_1', 'x'] } }, 200, {
      success: true,
      acknowledged: 2,
    })
  })

  test('/ws tells of the WebSocket', async () => {
    const path = '/api/daemon/ws'
    await expectAnswer('GET', path, {}, 200, {
      message: 'Orchestrator Daemon WebSocket endpoint',
      protocol: 'WebSocket',
      version: '1.0.0',
      documentation: expect.any(String),
      connection: {
        upgrade: expect.any(String),
        url: expect.any(String),
        authentication: expect.any(String),
      },
      endpoints: {
        http: {
          auth: '/api/daemon/auth',
          refresh: '/api/daemon/auth/refresh',
          heartbeat: '/api/daemon/heartbeat',
          events: '/api/daemon/events',
        },
        websocket: { path, protocol: expect.any(String) },
      },
    })
    await expectAnswer('POST', path, { body: {} }, 405, {
      error: 'Method not allowed. Use WebSocket connection instead.',
    })
  })

  test.each([
    ['GET', '', 'nested'],
    ['DELETE', '', 'nested'],
    ['GET', '/sessions', 'nested'],
    ['POST', '/sessions', 'nested'],
    ['PATCH', '/sessions', 'nested'],
    ['DELETE', '/sessions', 'nested'],
    ['POST', '/heartbeat', 'flat'],
    ['GET', '/events', 'flat'],
    ['DELETE', '/events', 'flat'],
    ['GET', '/config', 'flat'],
    ['PUT', '/status', 'flat'],
  ] as const)('%s /api/daemon%s is nobody’s without a token', async (method, path, shape) => {
    for (const [n, shown] of [undefined, 'x', `${token}x`, refresh].entries()) {
      const said: Said = { address: `198.51.100.${n}`, ...(shown !== undefined && { token: shown }) }
      await expectAnswer(method, `/api/daemon${path}`, said, 401, unauthorized[shape])
    }
    const headers = { 'x-api-key': token }
    await expectAnswer(
      method,
      `/api/daemon${path}`,
      { headers, address: '198.51.100.9' },
      401,
      unauthorized[shape],
    )
  })

  test('a method that a path does not take, and a path that is none', async () => {
    expect((await room.ask('PUT', '/api/daemon', { token, body: {} })).status).toBe(405)
    const answer = await room.ask('GET', '/api/daemon/status', { token })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'PUT'])
    for (const path of ['/api/daemon/', '/api/daemon/x', '/api/daemon/__proto__', '/api/daemon/messages'])
      await expectAnswer('GET', path, { token }, 404, flat('Not found', 'NOT_FOUND'))
  })
})
