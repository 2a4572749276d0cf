// The numbered cases of the deployed PAI event bus, second part: reading, paths, WebSockets. See pai.test.ts.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { busEvent, createHttp, postEvent, readPage, type Http } from '../support/http.ts'
import { openWebSocket } from '../support/websocket.ts'

const openToAll = { args: ['--listen', '127.0.0.1:0,auth=none'] }
const frame = z.strictObject({ type: z.literal('event'), data: busEvent })

let daemon: TestDaemon
let http: Http

beforeAll(async () => {
  daemon = await startDaemon(openToAll)
  http = createHttp(daemon.url)
})
afterAll(() => daemon.stop())

const typesOf = (events: readonly { type: string }[]) => events.map(({ type }) => type)
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => `T${from + n}`)

describe('after 1,005 posts', () => {
  beforeAll(async () => {
    for (let n = 0; n < 1005; n++) await postEvent(http, { type: `T${n}`, metadata: { n } })
  })

  test('P16 everything is kept; a page has 1,000 at most and 100 by default', async () => {
    expect(z.looseObject({ totalEvents: z.int() }).parse((await http.get('/stats')).json()).totalEvents).toBe(
      1005,
    )
    expect((await http.get('/events?limit=5000')).status).toBe(400)
    const most = await readPage(http, '?limit=1000')
    expect(most.total).toBe(1000)
    expect(typesOf(most.events)).toEqual(range(5, 1004))
    const usual = await readPage(http)
    expect(typesOf(usual.events)).toEqual(range(905, 1004))
  })

  test('P17 limit is a whole number from 1 to 1,000, anything else a 400 that names it', async () => {
    expect(typesOf((await readPage(http, '?limit=2')).events)).toEqual(['T1003', 'T1004'])
    expect(typesOf((await readPage(http, '?limit=')).events)).toEqual(range(905, 1004))
    for (const limit of ['abc', '0', '-1', '1.9', '3abc', '1001', '1e3', '99999999999999999999']) {
      const answer = await http.get(`/events?limit=${limit}`)
      expect({ limit, status: answer.status }).toEqual({ limit, status: 400 })
      expect(answer.text).toContain('limit')
    }
  })

  test('P22 /ws?replay=50 begins with the newest 50, in order', async () => {
    await using listener = await openWebSocket(`${daemon.url}/ws?replay=50`)
    const frames = await listener.frames.take(50)
    expect(frames.map((text) => frame.parse(JSON.parse(text)).data.type)).toEqual(range(955, 1004))
    expect(await listener.untilPong()).toEqual([])
  })
})

test('P18 type and session narrow together; an empty filter is none', async () => {
  for (const [session_id, hook_event_type] of [
    ['abc123', 'SessionStart'],
    ['abc123', 'PreToolUse'],
    ['other', 'PreToolUse'],
    ['other', 'Stop'],
  ])
    await postEvent(http, { session_id, hook_event_type, payload: { session_id } })
  expect((await readPage(http, '?type=SessionStart')).events).toMatchObject([{ session_id: 'abc123' }])
  expect((await readPage(http, '?session=abc123&type=PreToolUse')).events).toMatchObject([
    { session_id: 'abc123', hook_event_type: 'PreToolUse' },
  ])
  expect((await readPage(http, '?type=nope')).events).toEqual([])
  expect((await readPage(http, '?type=&session=&limit=1')).events).toMatchObject([{ type: 'Stop' }])
})

test('P19 unknown paths are 404 and wrong methods 405 with Allow', async () => {
  for (const path of ['/', '/nope', '/health/', '/events/', '/Events', '/events/evt_1', '/%65vents/x']) {
    const answer = await http.get(path)
    expect({ path, status: answer.status }).toEqual({ path, status: 404 })
    expect(answer.json()).toMatchObject({ ok: false, code: 'not_found' })
  }
  for (const [method, path, allow] of [
    ['PUT', '/events', 'POST, GET, HEAD'],
    ['OPTIONS', '/events', 'POST, GET, HEAD'],
    ['DELETE', '/stats', 'GET, HEAD'],
    ['POST', '/health', 'GET, HEAD'],
    ['GET', '/hooks/claude', 'POST'],
    ['GET', '/call/event.list', 'POST'],
  ] as const) {
    const asking = method === 'POST' ? { body: '{}', headers: { 'content-type': 'application/json' } } : {}
    const answer = await http.send(method, path, asking)
    expect([method, path, answer.status, answer.headers.get('allow')]).toEqual([method, path, 405, allow])
  }
  expect(
    (
      await http.send('POST', '/events/', {
        body: { type: 'lost' },
        headers: { 'content-type': 'application/json' },
      })
    ).status,
  ).toBe(404)
})

test('P20 /ws without an upgrade', async () => {
  const answer = await http.get('/ws')
  expect({ status: answer.status, text: answer.text }).toEqual({
    status: 400,
    text: 'WebSocket upgrade failed',
  })
  expect(answer.headers.get('content-type')).toStartWith('text/plain')
})

test('P21 a new /ws hears nothing before the first event, and that is its first frame', async () => {
  await using listener = await openWebSocket(`${daemon.url}/ws`)
  expect(await listener.untilPong()).toEqual([])
  const id = await postEvent(http, { type: 'first', timestamp: '2026-01-16T19:30:00Z', metadata: { a: 1 } })
  expect(await listener.frames.next()).toBe(
    `{"type":"event","data":{"id":"${id}","type":"first","timestamp":"2026-01-16T19:30:00Z","metadata":{"a":1}}}`,
  )
})

test('P23 a ping is answered, as text, as binary, with more keys', async () => {
  await using socket = await openWebSocket(`${daemon.url}/ws`)
  for (const ping of ['{"type":"ping"}', Buffer.from('{"type":"ping"}'), '{"id":1,"type":"ping","at":5}']) {
    socket.send(ping)
    expect(await socket.frames.next()).toBe('{"type":"pong"}')
  }
})

test('P24 valid JSON that /ws does not know is ignored, and it stays open', async () => {
  await using socket = await openWebSocket(`${daemon.url}/ws`)
  for (const unknown of [
    '{}',
    '[]',
    '5',
    '"text"',
    'true',
    '{"type":"subscribe"}',
    '{"type":5}',
    '[{"type":"ping"}]',
  ])
    socket.send(unknown)
  expect(await socket.untilPong()).toEqual([])
})

test('P25 every client gets one frame for an event, the same object that GET /events gives', async () => {
  await using one = await openWebSocket(`${daemon.url}/ws`)
  await using two = await openWebSocket(`${daemon.url}/ws`)
  const id = await postEvent(http, {
    session_id: 's',
    hook_event_type: 'Stop',
    payload: { a: 1 },
    extra: 'kept',
  })
  const [event] = (await readPage(http, '?limit=1')).events
  expect(event).toMatchObject({ id, metadata: { a: 1, extra: 'kept' }, payload: { a: 1 } })
  for (const listener of [one, two]) {
    expect(JSON.parse(await listener.frames.next())).toEqual({ type: 'event', data: event })
    expect(await listener.untilPong()).toEqual([])
  }
})

test('P26 frames that are no JSON harm nobody', async () => {
  await using bad = await openWebSocket(`${daemon.url}/ws`)
  await using good = await openWebSocket(`${daemon.url}/ws`)
  for (const junk of ['not json', '', 'null', Uint8Array.of(0xff, 0xfe, 0x00), '{"type":"ping"']) {
    bad.send(junk)
    expect(JSON.parse(await bad.frames.next())).toMatchObject({ type: 'error', code: 'invalid_json' })
  }
  expect(await bad.untilPong()).toEqual([])
  const id = await postEvent(http, { type: 'after' })
  for (const listener of [bad, good])
    expect(JSON.parse(await listener.frames.next())).toMatchObject({ type: 'event', data: { id } })
  expect((await http.get('/health')).status).toBe(200)
})
