// The numbered cases of the deployed PAI event bus, over real HTTP and WebSockets: what its clients rely on. Where the
// documented contract says otherwise (ids, refusals, no first frame), the contract is what is tested.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { createHttp, postEvent, readPage, type Http } from '../support/http.ts'
import { openWebSocket } from '../support/websocket.ts'

/** Clients of the old server know no token. */
const openToAll = { args: ['--listen', '127.0.0.1:0,auth=none'] }

const isJson = 'application/json'
const typeOf = (answer: { headers: Headers }) => answer.headers.get('content-type')

let daemon: TestDaemon
let http: Http

const sharing = () => {
  beforeAll(async () => {
    daemon = await startDaemon(openToAll)
    http = createHttp(daemon.url)
  })
  afterAll(() => daemon.stop())
}

const readBack = async (id: string) => {
  const { events } = await readPage(http, '?limit=1000')
  const found = events.find((event) => event.id === id)
  if (!found) throw new Error(`${id} was not read back`)
  return found
}

describe('probes, on an empty log', () => {
  sharing()

  test('P01 GET /health', async () => {
    const answer = await http.get('/health')
    expect({ status: answer.status, type: typeOf(answer) }).toEqual({ status: 200, type: isJson })
    expect(answer.json()).toEqual({ status: 'ok', version: expect.any(String), uptime: expect.any(Number) })
  })

  test('P02 GET /ready', async () => {
    const answer = await http.get('/ready')
    expect({ status: answer.status, type: typeOf(answer) }).toEqual({ status: 200, type: isJson })
    expect(answer.json()).toEqual({ ready: true, version: expect.any(String) })
  })

  test('P03 GET /version', async () => {
    const answer = await http.get('/version')
    expect(answer.status).toBe(200)
    const version = z.record(z.string(), z.string()).parse(answer.json())
    expect(Object.keys(version)).toEqual(['name', 'version', 'buildTime', 'runtime', 'runtimeVersion'])
    expect(version).toMatchObject({ name: 'pai-daemon', runtime: 'bun' })
    expect(new Date(version['buildTime'] ?? '').toISOString()).toBe(version['buildTime'] ?? 'none')
  })

  test('P04 GET /stats', async () => {
    const answer = await http.get('/stats')
    expect(typeOf(answer)).toBe(isJson)
    expect(answer.text).toBe('{"totalEvents":0,"wsClients":0,"eventTypes":{},"sessions":0}')
  })

  test('P05 GET /events', async () => {
    const answer = await http.get('/events')
    expect(typeOf(answer)).toBe(isJson)
    expect(answer.text).toBe('{"events":[],"total":0}')
  })
})

describe('posting', () => {
  sharing()

  test('P06 the deployed shape comes back with its own fields', async () => {
    const sent = {
      source_app: 'main',
      session_id: 'abc123',
      hook_event_type: 'SessionStart',
      payload: { session_id: 'abc123', cwd: '/w' },
      timestamp: 1705432800000,
      timestamp_local: '2026-01-16 19:00:00',
    }
    const answer = await http.post('/events', sent)
    expect({ status: answer.status, type: typeOf(answer) }).toEqual({ status: 200, type: isJson })
    expect(answer.text).toMatch(/^\{"ok":true,"eventId":"evt_\d+"\}$/)
    const [event] = (await readPage(http)).events
    expect(event).toEqual({
      ...sent,
      id: /evt_\d+/.exec(answer.text)?.[0] ?? '',
      received_at: expect.any(Number),
      type: 'SessionStart',
      metadata: sent.payload,
    })
    const deployedKeys =
      'id source_app session_id hook_event_type payload timestamp timestamp_local received_at'.split(' ')
    expect(Object.keys(event ?? {}).slice(0, 8)).toEqual(deployedKeys)
  })

  test('P07 the documented shape is stored as it came', async () => {
    const sent = {
      type: 'session.start',
      timestamp: '2026-01-16T19:30:00Z',
      metadata: { sessionId: 'abc123', workingDirectory: '/x' },
    }
    const id = await postEvent(http, sent)
    expect(await readBack(id)).toEqual({ id, ...sent })
  })

  test('P08 client_name of the root goes before the one in the payload', async () => {
    const root = await postEvent(http, { client_name: 'root', payload: { client_name: 'mbp' } })
    expect(await readBack(root)).toMatchObject({ client_name: 'root', payload: { client_name: 'mbp' } })
    const inside = await postEvent(http, { payload: { client_name: 'mbp' } })
    expect(await readBack(inside)).toMatchObject({ client_name: 'mbp', type: 'unknown' })
  })

  const refusesAndKeepsNothing = async (bodies: readonly string[], saying: string | RegExp) => {
    const before = (await http.get('/stats')).text
    await using listener = await openWebSocket(`${daemon.url}/ws`)
    for (const body of bodies) {
      const answer = await http.post('/events', body)
      expect({ body, status: answer.status, type: typeOf(answer) }).toEqual({
        body,
        status: 400,
        type: isJson,
      })
      if (typeof saying === 'string') expect(answer.text).toBe(saying)
      else expect(answer.text).toMatch(saying)
    }
    expect(await listener.untilPong()).toEqual([])
    expect((await http.get('/stats')).text).toBe(before.replace('"wsClients":0', '"wsClients":1'))
  }

  test('P09 an object that says nothing of an event is refused', () =>
    refusesAndKeepsNothing(
      ['{}', '{"metadata":{}}', '{"session_id":"a"}'],
      /An event is an object with a type/,
    ))

  test('P10 empty values are no type and no session, and come back as they were sent', async () => {
    const sent = { timestamp: 0, source_app: '', session_id: null, hook_event_type: false }
    const id = await postEvent(http, sent)
    expect(await readBack(id)).toEqual({
      id,
      ...sent,
      received_at: expect.any(Number),
      type: 'unknown',
      metadata: {},
    })
  })

  test('P11 a payload that is no object', async () => {
    const text = await postEvent(http, { payload: 's' })
    expect(await readBack(text)).toMatchObject({ payload: 's', metadata: { payload: 's' }, type: 'unknown' })
    const zero = await postEvent(http, { payload: 0 })
    expect(await readBack(zero)).toMatchObject({ payload: { payload: 0 }, metadata: { payload: 0 } })
  })

  test('P12 what is no event is refused', () =>
    refusesAndKeepsNothing(['[1,2]', '5', '"str"', 'true'], /An event is an object with a type/))

  test('P13 what is no JSON is refused, to the byte', () =>
    refusesAndKeepsNothing(['', '{', 'not json', 'null'], '{"ok":false,"error":"Invalid JSON"}'))

  test('P14 JSON is taken chunked and with a byte order mark; another content type is refused', async () => {
    const body = '{"type":"form","metadata":{}}'
    expect((await http.post('/events', `\uFEFF${body}`)).status).toBe(200)
    const chunks = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of Buffer.from(body)) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    expect((await http.post('/events', chunks)).status).toBe(200)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', ''])
      expect((await http.post('/events', body, { 'content-type': type })).status).toBe(415)
    expect((await readPage(http, '?type=form')).total).toBe(2)
  })

  test('P15 id and received_at are the daemon’s own', async () => {
    expect((await http.post('/events', { id: 'evt_mine', received_at: 1 })).status).toBe(400)
    const documented = await postEvent(http, { type: 'mine', id: 'evt_mine', received_at: 1 })
    expect(documented).toMatch(/^evt_\d+$/)
    const back = await readBack(documented)
    expect(Object.keys(back)).toEqual(['id', 'type', 'timestamp', 'metadata'])
    const deployed = await postEvent(http, { hook_event_type: 'mine', id: 'evt_mine', received_at: 1 })
    expect(await readBack(deployed)).toMatchObject({ id: deployed })
    expect((await readBack(deployed))['received_at']).toBeGreaterThan(1_700_000_000_000)
  })

  test('P28 a type that is no text is refused, and a strange one breaks no statistics', async () => {
    await refusesAndKeepsNothing(['{"hook_event_type":{"toString":1}}', '{"type":5}'], /must be a string/)
    for (const type of ['constructor', '__proto__', 'toString']) await postEvent(http, { type })
    const answer = await http.get('/stats')
    expect(answer.status).toBe(200)
    expect(answer.text).toContain('"constructor":1')
    expect(answer.text).toContain('"__proto__":1')
    expect(answer.text).toContain('"toString":1')
  })
})
