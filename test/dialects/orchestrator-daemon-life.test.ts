// Cases 47 and 48 of the orchestrator's protocol: who is registered, and who is there.

import { expect, test } from 'bun:test'
import { flat, iso, nested, openAgentsRoom } from '../support/agents-room.ts'

test('case 47: the same instance registers again, another one waits until the first is gone', async () => {
  using room = openAgentsRoom()
  const made = await room.keyFor('laptop')
  const { key } = made
  const register = async (instanceId: string) => {
    const { status, body } = await room.register('laptop', key, { instanceId })
    return status === 201 ? status : { status, body }
  }
  const taken = {
    status: 409,
    body: nested(
      'Another daemon instance already registered for this Orchestrator',
      'DAEMON_ALREADY_REGISTERED',
      {
        existingInstanceId: 'one',
      },
    ),
  }
  expect(await register('one')).toBe(201)
  expect(await register('one')).toBe(201)
  expect(await register('two')).toEqual(taken)
  const { accessToken: token } = await room.logIn(made)
  await room.ask('POST', '/api/daemon/heartbeat', { token })
  expect(await register('one')).toBe(201)
  await room.pass(60_000)
  await room.ask('POST', '/api/daemon/heartbeat', { token })
  await room.pass(60_000)
  expect(await register('two')).toEqual(taken)
  await room.ask('DELETE', '/api/daemon', { token })
  expect(await register('two')).toBe(201)
  await room.pass(90_000)
  expect(await register('one')).toBe(201)
})

test('case 48: a heartbeat without a body is one; 90 s after the last the daemon is offline', async () => {
  using room = openAgentsRoom()
  const { accessToken: token } = await room.logIn(await room.keyFor('laptop'))
  const beat = (body?: unknown) =>
    room.ask('POST', '/api/daemon/heartbeat', { token, ...(body !== undefined && { body }) })
  const shown = async () => ((await room.ask('GET', '/api/daemon', { token })).body as { data: object }).data
  expect(await shown()).toMatchObject({ status: 'offline' })
  const at = new Date(room.clocks.wall).toISOString()
  for (const body of [undefined, '', '{', '{"status":']) {
    const answer = await beat(body)
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        success: true,
        serverTime: at,
        nextHeartbeat: new Date(room.clocks.wall + 30_000).toISOString(),
        heartbeatIntervalMs: 30_000,
      },
    ])
  }
  expect(await shown()).toMatchObject({ status: 'online', lastHeartbeat: at, metrics: {} })
  const metrics = { memoryUsageMB: 256, queueDepth: 2, lastTaskCompletedAt: 'now', unknown: 1 }
  expect((await beat({ status: 'busy', metrics })).status).toBe(200)
  const { unknown: _, ...known } = metrics
  expect(await shown()).toMatchObject({ status: 'online', metrics: known })
  await room.pass(89_999)
  expect(await shown()).toMatchObject({ status: 'online' })
  await room.pass(1)
  expect(await shown()).toMatchObject({ status: 'offline' })
  const invalid = flat('Invalid heartbeat data', 'VALIDATION_ERROR')
  for (const body of [[], null, { status: 'x' }, { metrics: { queueDepth: 'many' } }]) {
    const answer = await beat(body)
    expect([answer.status, answer.body]).toEqual([400, invalid])
  }
})

test('case 48: a heartbeat of a session is seen on it', async () => {
  using room = openAgentsRoom()
  const { accessToken: token, sessionId } = await room.logIn(await room.keyFor('laptop'))
  const other = await room.logIn(await room.keyFor('other'))
  for (const session of [sessionId, other.sessionId, 'nobody'])
    await room.ask('POST', '/api/daemon/heartbeat', { token, body: { sessionId: session, status: 'idle' } })
  const list = async (who: string) =>
    ((await room.ask('GET', '/api/daemon/sessions', { token: who })).body as { sessions: object[] }).sessions
  expect(await list(token)).toEqual([expect.objectContaining({ lastHeartbeat: iso, lastStatus: 'idle' })])
  expect((await list(other.accessToken))[0]).not.toHaveProperty('lastHeartbeat')
})
