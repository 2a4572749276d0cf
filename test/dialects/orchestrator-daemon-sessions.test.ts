// Case 46 of the orchestrator's protocol, its sessions: opened, listed, changed and ended by whose they are.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { iso, nested, openAgentsRoom } from '../support/agents-room.ts'

describe('case 46, the routes of sessions', () => {
  const room = openAgentsRoom()
  let token = ''
  let foreign = ''
  beforeAll(async () => {
    token = (await room.logIn(await room.keyFor('vp_123'))).accessToken
    foreign = (await room.logIn(await room.keyFor('other'))).sessionId
  })
  afterAll(() => room[Symbol.dispose]())
  const { expectAnswer } = room

  const session = (more: object = {}) => ({
    id: expect.stringMatching(/^session_(daemon|user|system)_vp_123_\d+_[0-9a-z]{7}$/),
    orchestratorId: 'vp_123',
    type: 'daemon',
    status: 'active',
    createdAt: iso,
    lastActivityAt: iso,
    expiresAt: iso,
    ...more,
  })
  test('sessions are opened, listed, changed and ended', async () => {
    const path = '/api/daemon/sessions'
    const body = {
      orchestratorId: 'vp_123',
      type: 'user',
      metadata: { userAgent: 'x', more: 1 },
      timeoutSeconds: 60,
    }
    const opened = await expectAnswer('POST', path, { token, body }, 201, {
      success: true,
      session: session({ type: 'user', metadata: { userAgent: 'x', more: 1 } }),
      message: 'Session created successfully',
    })
    const { id, createdAt, expiresAt } = (opened as { session: Record<string, string> }).session
    expect(Date.parse(expiresAt ?? '') - Date.parse(createdAt ?? '')).toBe(60_000)
    const list = await room.ask('GET', path, { token })
    expect(list.body).toEqual({ sessions: expect.any(Array), total: 2 })
    expect((list.body as { sessions: unknown[] }).sessions).toContainEqual(
      session({ type: 'user', metadata: { userAgent: 'x', more: 1 } }),
    )
    const change = {
      sessionId: id,
      status: 'idle',
      metadata: { more: 2 },
      extendTTL: true,
      lastActivityAt: '2026-05-01T12:00:00Z',
    }
    const changed = await expectAnswer('PATCH', path, { token, body: change }, 200, {
      success: true,
      session: session({
        id,
        type: 'user',
        status: 'idle',
        metadata: { userAgent: 'x', more: 2 },
        lastActivityAt: '2026-05-01T12:00:00.000Z',
      }),
      message: 'Session updated successfully',
    })
    const { session: later } = changed as { session: { expiresAt: string } }
    expect(Date.parse(later.expiresAt) - room.clocks.wall).toBe(7 * 24 * 3600_000)
    await expectAnswer('DELETE', `${path}?sessionId=${id}`, { token }, 200, {
      success: true,
      message: 'Session terminated successfully',
    })
    const gone = nested('Session not found or expired', 'SESSION_NOT_FOUND')
    await expectAnswer('DELETE', `${path}?sessionId=${id}`, { token }, 404, gone)
    await expectAnswer('PATCH', path, { token, body: { sessionId: id } }, 404, gone)
  })

  test('sessions: what is refused', async () => {
    const path = '/api/daemon/sessions'
    const errors = (fields: object) => nested('Validation failed', 'VALIDATION_ERROR', { errors: fields })
    const enums = "Invalid enum value. Expected 'daemon' | 'user' | 'system', received 'x'"
    await expectAnswer(
      'POST',
      path,
      { token, body: { type: 'x', timeoutSeconds: 0 } },
      400,
      errors({
        orchestratorId: ['Required'],
        type: [enums],
        timeoutSeconds: ['Number must be greater than 0'],
      }),
    )
    await expectAnswer('PATCH', path, { token, body: {} }, 400, errors({ sessionId: ['Required'] }))
    const json = nested('Invalid JSON body', 'VALIDATION_ERROR')
    for (const method of ['POST', 'PATCH']) await expectAnswer(method, path, { token, body: '{' }, 400, json)
    await expectAnswer(
      'POST',
      path,
      { token, body: { orchestratorId: 'other', type: 'user' } },
      403,
      nested('Cannot create session for different Orchestrator', 'FORBIDDEN'),
    )
    await expectAnswer(
      'PATCH',
      path,
      { token, body: { sessionId: foreign } },
      403,
      nested('Cannot update session for different Orchestrator', 'FORBIDDEN'),
    )
    await expectAnswer(
      'DELETE',
      `${path}?sessionId=${foreign}`,
      { token },
      403,
      nested('Cannot delete session for different Orchestrator', 'FORBIDDEN'),
    )
    await expectAnswer('DELETE', path, { token }, 400, nested('Session ID is required', 'VALIDATION_ERROR'))
  })
})
