// The documented contract of the event bus, sentence by sentence: what its clients may rely on beyond the numbered
// cases of the deployed server.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Database } from 'bun:sqlite'
import { z } from 'zod'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { busEvent, createHttp, postEvent, postMany, readPage, type Http } from '../support/http.ts'
import { openSocket } from '../support/socket.ts'
import { openWebSocket } from '../support/websocket.ts'

let daemon: TestDaemon
let http: Http

beforeAll(async () => {
  daemon = await startDaemon({ args: ['--listen', '127.0.0.1:0,auth=none'] })
  http = createHttp(daemon.url)
})
afterAll(() => daemon.stop())

const frame = z.strictObject({ type: z.literal('event'), data: busEvent })
const total = async () =>
  z.looseObject({ totalEvents: z.int() }).parse((await http.get('/stats')).json()).totalEvents

describe('the documented event', () => {
  test('has exactly the keys id, type, timestamp and metadata, and the values as sent', async () => {
    const sent = {
      type: 'session.start',
      timestamp: '2026-01-16T20:30:00+01:00',
      metadata: { b: [1, null], a: 'ä' },
    }
    const id = await postEvent(http, sent)
    const [event] = (await readPage(http, '?limit=1')).events
    expect(event).toEqual({ id, ...sent })
    expect(Object.keys(event ?? {})).toEqual(['id', 'type', 'timestamp', 'metadata'])
  })

  test('without a timestamp or metadata gets the time of its arrival and an empty object', async () => {
    const before = Date.now()
    const id = await postEvent(http, { type: 'bare' })
    const [event] = (await readPage(http, '?type=bare')).events
    expect(event).toEqual({ id, type: 'bare', timestamp: expect.any(String), metadata: {} })
    const at = Date.parse(String(event?.['timestamp']))
    expect(at).toBeGreaterThanOrEqual(before)
    expect(at).toBeLessThanOrEqual(Date.now())
  })

  test('of a session is found by metadata.sessionId or session_id', async () => {
    await postEvent(http, { type: 'by-metadata', metadata: { sessionId: 'both-ways' } })
    await postEvent(http, { type: 'by-root', session_id: 'both-ways', metadata: {} })
    const { events } = await readPage(http, '?session=both-ways')
    expect(events.map(({ type }) => type)).toEqual(['by-metadata', 'by-root'])
  })

  test('with metadata that is no object, or a session id over the limit, is refused by name', async () => {
    const before = await total()
    for (const [body, named] of [
      [{ type: 'x', metadata: 'text' }, 'metadata'],
      [{ type: 'x', metadata: [] }, 'metadata'],
      [{ type: 'x', session_id: 's'.repeat(257) }, 'session'],
      [{ type: 'x'.repeat(257) }, 'type'],
      [{ type: 'line\nbreak' }, 'type'],
      [{ type: 'x', session_id: 'line\nbreak' }, 'channel'],
    ] as const) {
      const answer = await http.post('/events', body)
      expect({ named, status: answer.status }).toEqual({ named, status: 400 })
      expect(answer.text).toContain(named)
    }
    expect(await total()).toBe(before)
  })
})

describe('the deployed shape', () => {
  test('comes back verbatim, what stood beside it in its metadata', async () => {
    const sent = {
      source_app: 'Explore',
      session_id: 'dep-1',
      hook_event_type: 'PostToolUse',
      client_name: 'mbp',
      payload: { tool_name: 'Bash', deep: { a: [1, 2] } },
      timestamp: 1705432800123,
      timestamp_local: '2026-01-16 20:20:00 Europe/Oslo',
      tool_name: 'Read',
      summary: 'kept',
    }
    const id = await postEvent(http, sent)
    const { tool_name: _tool, summary: _summary, ...own } = sent
    expect((await readPage(http, '?limit=1')).events).toEqual([
      {
        id,
        ...own,
        received_at: expect.any(Number),
        type: 'PostToolUse',
        metadata: { ...sent.payload, tool_name: 'Read', summary: 'kept' },
      },
    ])
  })

  test('gives back only what its sender sent', async () => {
    await postEvent(http, { hook_event_type: 'Stop', payload: {} })
    const [event] = (await readPage(http, '?limit=1')).events
    expect(Object.keys(event ?? {})).toEqual(
      'id hook_event_type payload timestamp received_at type metadata'.split(' '),
    )
  })

  test('is found by its session and type', async () => {
    await postEvent(http, { session_id: 'dep-2', hook_event_type: 'Stop', payload: { a: 1 } })
    expect((await readPage(http, '?session=dep-2&type=Stop')).total).toBe(1)
  })
})

test('raw Claude Code hook JSON on /events is of its hook’s type and session', async () => {
  const hook = {
    hook_event_name: 'PreToolUse',
    session_id: 'raw-1',
    tool_name: 'Bash',
    tool_input: { command: 'ls' },
  }
  const id = await postEvent(http, hook)
  const [event] = (await readPage(http, '?session=raw-1')).events
  expect(event).toMatchObject({ id, type: 'PreToolUse', metadata: hook })
})

describe('a batch', () => {
  test('answers an id for each event, in order, without a gap', async () => {
    const ids = await postMany(http, ['b1', 'b2', 'b3'])
    const numbers = ids.map((id) => Number(id.slice('evt_'.length)))
    expect(numbers).toEqual([0, 1, 2].map((n) => (numbers[0] ?? 0) + n))
    const { events } = await readPage(http, '?limit=3')
    expect(events.map(({ id, type }) => [id, type])).toEqual(ids.map((id, n) => [id, `b${n + 1}`]))
  })

  test('is stored all or not at all, and the refusal says which event', async () => {
    const before = await total()
    for (const [batch, named] of [
      [[{ type: 'fine' }, {}, { type: 'fine' }], 'event 1'],
      [[{ type: 'fine' }, [{ type: 'nested' }]], 'event 1'],
      [[{ type: 'fine' }, { type: 'fine', metadata: 5 }], 'event 1: metadata'],
      [[{ type: 'fine' }, { type: 'x'.repeat(300) }], 'events.1.type'],
      [[], '1 to 1000'],
      [Array.from({ length: 1001 }, () => ({ type: 'fine' })), '1 to 1000'],
    ] as const) {
      const answer = await http.post('/events', batch)
      expect({ named, status: answer.status }).toEqual({ named, status: 400 })
      expect(answer.text).toContain(named)
    }
    expect(await total()).toBe(before)
  })

  test('of 1,000 is taken, and reaches a listener in order', async () => {
    await using listener = await openWebSocket(`${daemon.url}/ws`)
    const types = Array.from({ length: 1000 }, (_, n) => `thousand-${n}`)
    await postMany(http, types)
    const frames = await listener.frames.take(1000)
    expect(frames.map((text) => frame.parse(JSON.parse(text)).data.type)).toEqual(types)
  })
})

test('a body over 1 MiB is a 413, one of 1 MiB is taken', async () => {
  const event = (bytes: number) => {
    const rest = '{"type":"big","metadata":{"text":""}}'.length
    return `{"type":"big","metadata":{"text":"${'x'.repeat(bytes - rest)}"}}`
  }
  expect((await http.post('/events', event(1024 * 1024))).status).toBe(200)
  const over = await http.post('/events', event(1024 * 1024 + 1))
  expect(over.status).toBe(413)
  expect(over.json()).toMatchObject({ ok: false, code: 'too_large' })
  const chunked = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let n = 0; n < 17; n++) controller.enqueue(new Uint8Array(64 * 1024).fill(0x20))
      controller.close()
    },
  })
  expect((await http.post('/events', chunked)).status).toBe(413)
})

describe('/ready', () => {
  test('is 503 from the moment the daemon is told to stop, while its doors are still open', async () => {
    await using leaving = await startDaemon()
    await using socket = await openSocket(leaving.httpSocket)
    // one write, so that the second request is there before the daemon is gone
    await socket.write(
      'POST /call/system.stop HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}GET /ready HTTP/1.1\r\nHost: a\r\n\r\n',
    )
    const statuses: string[] = []
    // a body ends without a newline, so the second status stands behind it
    while (statuses.length < 2)
      for (const [, status = ''] of (await socket.lines.next()).matchAll(/HTTP\/1\.1 (\d+)/g))
        statuses.push(status)
    expect(statuses).toEqual(['200', '503'])
    expect(await leaving.exited).toBe(0)
  })

  test('is 503 while the log cannot be written, and 200 again when it can', async () => {
    const other = new Database(daemon.paths.database)
    // the daemon may be writing what follows from the events before
    other.run('PRAGMA busy_timeout = 5000')
    other.run('BEGIN IMMEDIATE')
    try {
      const refused = await http.post('/events', { type: 'unwritable' })
      expect(refused.status).toBe(503)
      expect(refused.json()).toMatchObject({ ok: false, code: 'storage_full' })
      const ready = await http.get('/ready')
      expect({ status: ready.status, json: ready.json() }).toMatchObject({
        status: 503,
        json: { ready: false },
      })
      expect((await http.get('/health')).status).toBe(200)
    } finally {
      other.run('ROLLBACK')
      other.close()
    }
    await postEvent(http, { type: 'writable' })
    expect((await http.get('/ready')).status).toBe(200)
    expect((await readPage(http, '?type=unwritable')).total).toBe(0)
  }, 60_000)
})
