// HTTP requests as actions, against a server of the test: what is sent, what is tried again, what is never followed.

import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { createPeer } from '../../src/core/peer.ts'
import { limits } from '../../src/protocol/limits.ts'
import { openActionsRoom, outcome } from '../support/actions-room.ts'

type Seen = { method: string; path: string; headers: Headers; body: string }

let server: ReturnType<typeof Bun.serve>
let other: ReturnType<typeof Bun.serve>
let seen: Seen[] = []
let strangers = 0
/** what is answered, one after the other; the last one stays */
let answers: (() => Response | Promise<Response>)[] = []

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url)
      seen.push({
        method: request.method,
        path: pathname + search,
        headers: request.headers,
        body: await request.text(),
      })
      const answer = answers.length > 1 ? answers.shift() : answers[0]
      return (await answer?.()) ?? new Response(null)
    },
  })
  other = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () => {
      strangers++
      return new Response('stranger')
    },
  })
})
afterAll(async () => {
  await server.stop(true)
  await other.stop(true)
})
beforeEach(() => {
  seen = []
  strangers = 0
  answers = [() => Response.json({ ok: true })]
})

const room = async (more: object = {}, path = '/hook') => {
  const opened = openActionsRoom()
  await opened.add({ name: 'web', kind: 'http', url: `${server.url.origin}${path}`, ...more })
  return opened
}
const soon = { 'retry-after': '0' }

test('what it is run with is the JSON body; the answer is the result', async () => {
  await using actions = await room({ headers: { 'X-Own': 'v', 'User-Agent': 'mine' } })
  expect(await actions.run('web', { a: ['ä'] })).toMatchObject({ result: { ok: true }, status: 200 })
  expect(seen).toMatchObject([{ method: 'POST', path: '/hook', body: '{"a":["ä"]}' }])
  const { headers } = seen[0] ?? {}
  expect(headers?.get('content-type')).toBe('application/json')
  expect(headers?.get('x-own')).toBe('v')
  expect(headers?.get('user-agent')).toBe('mine')
  expect(headers?.get('x-paid-cause')).toBe('test:ann')
  expect(headers?.get('idempotency-key')).toMatch(/^run_/)
})

test('what made it run is told in a header', async () => {
  await using actions = await room()
  await actions.call(createPeer('rule:ä', 'write'), 'action.run', { name: 'web', cause: 'rule:ä/evt_1' })
  expect(seen[0]?.headers.get('x-paid-cause')).toBe('rule:%C3%A4/evt_1')
})

test('GET has no body: plain values stand in the query', async () => {
  await using actions = await room({ method: 'GET' }, '/find?limit=5')
  await actions.run('web', { q: 'a b', n: 1, deep: { x: 1 } })
  expect(seen).toMatchObject([{ method: 'GET', path: '/find?limit=5&q=a+b&n=1', body: '' }])
})

test('text, nothing and more than is kept', async () => {
  await using actions = await room()
  answers = [() => new Response('hello\n')]
  expect(await actions.run('web')).toMatchObject({ result: 'hello' })
  answers = [() => new Response(null, { status: 204 })]
  expect(await actions.run('web')).toMatchObject({ result: null, status: 204 })
  answers = [() => new Response('x'.repeat(3 * limits.actionResultBytes))]
  const { result, truncated } = await actions.run('web')
  expect(String(result)).toHaveLength(limits.actionResultBytes)
  expect(truncated).toBe(true)
})

test('503, 429 and 408 are tried again, as the same call', async () => {
  await using actions = await room()
  answers = [503, 429, 408].map((status) => () => new Response('later', { status, headers: soon }))
  answers.push(() => Response.json('done'))
  expect(await actions.run('web', { n: 1 })).toMatchObject({ result: 'done' })
  expect(seen.map(({ body }) => body)).toEqual(Array.from({ length: 4 }, () => '{"n":1}'))
  expect(new Set(seen.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1)
})

test('five times in all; then it has failed, with what was answered', async () => {
  await using actions = await room()
  answers = [() => new Response('down for repair', { status: 500, headers: soon })]
  expect(await outcome(actions.run('web'))).toEqual({
    code: 'action_failed',
    message: `HTTP 500 from POST ${server.url.origin}/hook: down for repair`,
  })
  expect(seen).toHaveLength(5)
  expect(actions.eventsOf('web').at(-1)).toMatchObject({
    type: 'action.failed',
    data: { status: 500, reason: 'http' },
  })
})

test('what no second try would change is not tried again', async () => {
  await using actions = await room()
  for (const status of [400, 401, 404, 422]) {
    answers = [() => new Response(null, { status })]
    expect(await outcome(actions.run('web'))).toMatchObject({
      message: `HTTP ${status} from POST ${server.url.origin}/hook`,
    })
  }
  answers = [() => new Response(null, { status: 429, headers: { 'retry-after': '3600' } })]
  expect(await outcome(actions.run('web'))).toMatchObject({ code: 'action_failed' })
  expect(seen).toHaveLength(5)
})

test('a redirect is followed on the same host, as browsers do', async () => {
  await using actions = await room()
  answers = [
    () => new Response(null, { status: 307, headers: { location: '/new?x=1' } }),
    () => new Response(null, { status: 303, headers: { location: 'see' } }),
    () => Response.json('there'),
  ]
  expect(await actions.run('web', { n: 1 })).toMatchObject({ result: 'there' })
  expect(seen.map(({ method, path, body }) => [method, path, body])).toEqual([
    ['POST', '/hook', '{"n":1}'],
    ['POST', '/new?x=1', '{"n":1}'],
    ['GET', '/see', ''],
  ])
  answers = [() => new Response(null, { status: 302, headers: { location: '/hook' } })]
  expect(await outcome(actions.run('web'))).toMatchObject({
    message: expect.stringContaining('redirected more than 5 times'),
  })
})

test('a redirect to another host, port or scheme is never followed', async () => {
  await using actions = await room({ headers: { Authorization: 'Bearer very-secret' } })
  const places = [
    `${other.url.origin}/`,
    'https://127.0.0.1/',
    '//example.invalid/',
    `http://localhost:${server.port}/`,
  ]
  for (const location of places) {
    answers = [() => new Response(null, { status: 307, headers: { location } })]
    expect(await outcome(actions.run('web'))).toMatchObject({
      code: 'action_failed',
      message: expect.stringContaining('another host is not followed'),
    })
  }
  expect(seen).toHaveLength(places.length)
  expect(strangers).toBe(0)
})

test('one that is not answered in time is given up', async () => {
  await using actions = await room({ timeout: 200 })
  const waiting = Promise.withResolvers<Response>()
  answers = [() => waiting.promise]
  expect(await outcome(actions.run('web'))).toMatchObject({ code: 'action_timeout' })
  waiting.resolve(new Response())
  answers = [() => new Response(null, { status: 503, headers: { 'retry-after': '50' } })]
  expect(await outcome(actions.run('web'))).toMatchObject({ code: 'action_timeout' })
})

test('where there is no connection it is tried again, and then says so', async () => {
  const closed = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const { origin } = closed.url
  await closed.stop(true)
  await using actions = openActionsRoom()
  await actions.add({ name: 'web', kind: 'http', url: `${origin}/hook?token=abc` })
  expect(await outcome(actions.run('web'))).toEqual({
    code: 'action_failed',
    message: `POST ${origin}/hook: no connection (ECONNREFUSED)`,
  })
  expect(actions.eventsOf('web').at(-1)).toMatchObject({ data: { reason: 'network' } })
}, 30_000)
