// The door of agents and the room behind it, with clocks that a test moves and without a network: requests go in,
// answers come out. A key is made as its owner makes it.

import { expect } from 'bun:test'
import type { Params, Result } from '../../src/protocol/api.ts'
import { limits } from '../../src/protocol/limits.ts'
import { createAgentDoor } from '../../src/transport/http/agents.ts'
import { createAttempts } from '../../src/transport/http/attempts.ts'
import { createWebhookRates } from '../../src/transport/http/webhook-rates.ts'
import { createRefusals } from '../../src/transport/refusals.ts'
import { openEngine, temporaryFolder } from './engine.ts'
import { caller, settled } from './locks-room.ts'
import { createMovedClocks } from './moved-clocks.ts'

export type Told = { status: number; headers: Headers; text: string; body: unknown }
export type Said = { token?: string; body?: unknown; headers?: Record<string, string>; address?: string }

export const iso = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
export const nested = (message: string, code: string, details?: object) => ({
  error: { message, code, ...(details && { details }) },
})
export const flat = (error: string, code: string) => ({ error, code })
export const unauthorized = {
  nested: nested('Unauthorized', 'UNAUTHORIZED'),
  flat: flat('Unauthorized', 'UNAUTHORIZED'),
}

export const daemonInfo = {
  instanceId: 'daemon_001',
  version: '1.0.0',
  host: 'localhost',
  port: 8080,
  protocol: 'http',
  startedAt: '2026-01-01T00:00:00Z',
  capabilities: ['chat'],
  metadata: { os: 'linux' },
}

export const openAgentsRoom = () => {
  const folder = temporaryFolder()
  const clocks = createMovedClocks()
  const engine = openEngine(folder.path, { clock: clocks.clock, steady: clocks.process() })
  const refusals = createRefusals()
  const streams = new Set<() => void>()
  const door = createAgentDoor(
    {
      dispatch: engine.dispatch,
      logger: engine.diary.logger,
      version: '0.0.0',
      buildTime: '',
      startedAt: 0,
      maxBody: limits.bodyBytes,
      isExcluded: () => false,
      rates: createWebhookRates(60),
      attempts: createAttempts(),
      ready: () => true,
      webSockets: () => 0,
      onLagged: () => {},
      streams,
    },
    refusals,
  )
  const owner = caller('owner')

  const open = async (method: string, path: string, said: Said = {}): Promise<Response> => {
    const { token, body, headers, address = '192.0.2.1' } = said
    const [route = '', search = ''] = path.split('?')
    const raw = typeof body === 'string' ? body : JSON.stringify(body)
    const request = new Request(`http://127.0.0.1:8787${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: raw }),
    })
    return await door(request, route, search, {
      address: () => address,
      mustSayJson: false,
      keepOpen: () => {},
    })
  }

  const ask = async (method: string, path: string, said: Said = {}): Promise<Told> => {
    const { status, headers, ...answer } = await open(method, path, said).then(async (response) => ({
      status: response.status,
      headers: response.headers,
      text: await response.text(),
    }))
    return {
      status,
      headers,
      text: answer.text,
      body: answer.text === '' ? undefined : JSON.parse(answer.text),
    }
  }

  const keyFor = (name: string, more: Partial<Params<'key.add'>> = {}): Promise<Result<'key.add'>> =>
    engine.dispatch(owner, 'key.add', { name, ...more })

  const logIn = async ({ key, secret }: { key: string; secret: string }, scopes: string[] = []) => {
    const { body, status } = await ask('POST', '/api/daemon/auth', {
      body: { apiKey: key, apiSecret: secret, scopes },
    })
    if (status !== 200) throw new Error(`the login was ${status}`)
    return body as { accessToken: string; refreshToken: string; sessionId: string; expiresAt: string }
  }

  return {
    engine,
    clocks,
    /** Asks, and the answer is exactly this one; gives its body. */
    expectAnswer: async (
      method: string,
      path: string,
      said: Said,
      status: number,
      body: unknown,
    ): Promise<unknown> => {
      const answer = await ask(method, path, said)
      expect({ status: answer.status, body: answer.body }).toEqual({ status, body })
      expect(answer.headers.get('content-type')).toBe('application/json')
      return answer.body
    },
    refusals,
    streams,
    open,
    ask,
    keyFor,
    logIn,
    revoke: (name: string) => engine.dispatch(owner, 'key.revoke', { name }),
    register: (name: string, key: string, more: object = {}, body: object = {}) =>
      ask('POST', '/api/daemon', {
        body: {
          orchestratorId: name,
          organizationId: 'org_456',
          apiKey: key,
          daemonInfo: { ...daemonInfo, ...more },
          ...body,
        },
      }),
    /** Somebody posts for an agent; gives the event's id. */
    post: async (name: string, type: string, data: object): Promise<string> => {
      const { ids } = await engine.dispatch(owner, 'event.publish', { channel: `agent:${name}`, type, data })
      return ids[0] ?? ''
    },
    pass: (ms: number) => clocks.pass(ms, () => settled(engine)),
    [Symbol.dispose]: () => {
      for (const end of streams) end()
      engine.close()
      folder[Symbol.dispose]()
    },
  }
}
