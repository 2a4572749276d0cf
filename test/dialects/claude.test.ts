// Claude Code's hooks at `POST /hooks/claude`: every payload that was recorded from the real program, what a future one
// may send, and the edges of size. The answer is always a hook's answer, `{}`.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { z } from 'zod'
import { event as eventSchema, type Event } from '../../src/protocol/event.ts'
import recorded from '../fixtures/claude-code/hook-payloads.json'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { createHttp, readPage, type Http } from '../support/http.ts'

const KiB = 1024
const MiB = 1024 * KiB

let daemon: TestDaemon
let http: Http

const ownersDoor = ({ httpSocket }: TestDaemon) => createHttp('http://paid', { unix: httpSocket })

beforeAll(async () => {
  daemon = await startDaemon()
  http = ownersDoor(daemon)
})
afterAll(() => daemon.stop())

const answered = z.object({ ok: z.literal(true), result: z.object({ events: z.array(eventSchema) }) })
const list = async (params: object, door = http): Promise<Event[]> =>
  answered.parse((await door.post('/call/event.list', params)).json()).result.events

const hook = (body: unknown, headers: Record<string, string> = {}, door = http) =>
  door.post('/hooks/claude', body, headers)

/** Posts a hook of a session of its own and gives the event that came of it. */
let sessions = 0
const heard = async (
  fields: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Event> => {
  const session_id = `heard-${++sessions}`
  expect((await hook({ session_id, ...fields }, headers)).text).toBe('{}')
  const [event] = await list({ session: session_id })
  if (!event) throw new Error('The hook left no event')
  return event
}

describe('every recorded hook', () => {
  test.each(recorded.map((payload) => [payload.hook_event_name, payload] as const))(
    '%s is answered {} and kept whole on the channel of its session',
    async (name, payload) => {
      const answer = await hook(payload)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('application/json')
      expect(answer.text).toBe('{}')
      const events = await list({ session: payload.session_id, type: name })
      expect(events.map(({ data }) => data)).toContainEqual(payload)
      expect(events.at(-1)).toMatchObject({
        channel: `session:${payload.session_id}`,
        type: name,
        by: 'hook:claude',
      })
    },
  )

  test('is read back on the event bus by its session and type', async () => {
    const [payload] = recorded
    const { events } = await readPage(
      http,
      `?session=${payload?.session_id}&type=${payload?.hook_event_name}`,
    )
    expect(events).toMatchObject([{ type: payload?.hook_event_name, metadata: payload }])
    expect(Object.keys(events[0] ?? {})).toEqual(['id', 'type', 'timestamp', 'metadata'])
  })
})

describe('a hook', () => {
  test('of a name nobody knows yet is kept under that name', async () => {
    for (const hook_event_name of [
      'TeammateIdle',
      'ThoughtBegan',
      'session.renamed',
      'Ünïcode',
      'constructor',
    ]) {
      const event = await heard({ hook_event_name, tool_input: { a: [1, null, 'x'] } })
      expect(event).toMatchObject({ type: hook_event_name, data: { hook_event_name } })
    }
  })

  test('without a session goes to the channel of events that name none', async () => {
    for (const extra of [{}, { session_id: '' }, { session_id: null }, { session_id: 5 }]) {
      expect((await hook({ hook_event_name: 'Sessionless', ...extra })).text).toBe('{}')
      expect((await list({ type: 'Sessionless', limit: 1 })).at(0)).toMatchObject({
        channel: 'events',
        data: { hook_event_name: 'Sessionless', ...extra },
      })
    }
  })

  test('says when it happened with X-Paid-Occurred-At', async () => {
    const event = await heard({ hook_event_name: 'Stop' }, { 'x-paid-occurred-at': '1705432800123' })
    expect(event.occurredAt).toBe(1705432800123)
    const wrong = await hook({ hook_event_name: 'Stop' }, { 'x-paid-occurred-at': 'yesterday' })
    expect(wrong.status).toBe(400)
    expect(wrong.text).toContain('X-Paid-Occurred-At')
  })

  test('that is none is refused, and nothing is kept', async () => {
    const [before] = await list({ limit: 1 })
    for (const body of [
      '',
      '{',
      'null',
      '[]',
      '5',
      '{}',
      '{"hook_event_name":5}',
      '{"hook_event_name":""}',
    ]) {
      const answer = await hook(body)
      expect({ body, status: answer.status }).toEqual({ body, status: 400 })
    }
    for (const fields of [
      { hook_event_name: 'x'.repeat(257) },
      { hook_event_name: 'a', session_id: 's'.repeat(257) },
    ])
      expect((await hook(fields)).status).toBe(400)
    expect(await list({ limit: 1 })).toEqual(before ? [before] : [])
  })

  test('over TCP needs the token, and the owner’s socket none', async () => {
    const body = { hook_event_name: 'Stop', session_id: 'tcp' }
    expect((await hook(body, {}, createHttp(daemon.url))).status).toBe(401)
    expect((await hook(body, {}, createHttp(daemon.url, { token: daemon.token }))).text).toBe('{}')
    expect((await hook(body, { 'content-type': 'text/plain' })).text).toBe('{}')
    expect(await list({ session: 'tcp' })).toHaveLength(2)
  })

  test('keeps what JavaScript’s own parser makes of odd JSON', async () => {
    const text =
      '{"hook_event_name":"Odd","session_id":"odd","a":1,"a":2,"__proto__":{"polluted":1},"n":1e999,"s":"\\ud800"}'
    expect((await hook(text)).text).toBe('{}')
    const answer = await http.post('/call/event.list', { session: 'odd' })
    expect(answer.text).toContain(JSON.stringify(JSON.parse(text)))
  })
})

describe('a long string', () => {
  const keptBytes = 64 * KiB

  test('of 256 KiB is kept whole', async () => {
    const content = 'x'.repeat(256 * KiB)
    const event = await heard({ hook_event_name: 'Write', tool_input: { content } })
    expect(event.data).toMatchObject({ tool_input: { content } })
    expect(event.origin).toBeUndefined()
  })

  test('of one byte more is kept as its first and last 64 KiB, and the event says which and how long', async () => {
    const content = `${'a'.repeat(200 * KiB)}${'z'.repeat(56 * KiB + 1)}`
    const event = await heard({ hook_event_name: 'Write', tool_input: { edits: ['short', content] } })
    const { tool_input } = z
      .looseObject({ tool_input: z.object({ edits: z.array(z.string()) }) })
      .parse(event.data)
    const [short, cut = ''] = tool_input.edits
    expect(short).toBe('short')
    expect(cut).toStartWith(content.slice(0, keptBytes))
    expect(cut).toEndWith(content.slice(-keptBytes))
    expect(cut.length).toBeLessThan(2 * keptBytes + 200)
    expect(cut).toContain(String(content.length))
    expect(event.origin).toEqual({ truncated: [{ path: 'tool_input.edits.1', bytes: 256 * KiB + 1 }] })
  })

  test('is measured in bytes and never cut inside a character', async () => {
    const content = `a${'ÿ€😀'.repeat(40_000)}`
    const event = await heard({ hook_event_name: 'Write', content })
    const { content: cut } = z.looseObject({ content: z.string() }).parse(event.data)
    expect(cut).not.toContain('\uFFFD')
    expect(cut.isWellFormed()).toBe(true)
    expect(Buffer.byteLength(cut)).toBeLessThan(2 * keptBytes + 200)
    expect(event.origin).toEqual({ truncated: [{ path: 'content', bytes: Buffer.byteLength(content) }] })
    const whole = '€'.repeat(87_381)
    expect(Buffer.byteLength(whole)).toBeLessThan(256 * KiB)
    expect((await heard({ hook_event_name: 'Write', content: whole })).origin).toBeUndefined()
  })

  test('beside others leaves them as they are, in their order', async () => {
    const long = 'y'.repeat(300 * KiB)
    const sent = { hook_event_name: 'Write', b: long, a: { z: [long, 1], __proto__x: null }, c: 'end' }
    const event = await heard(sent)
    expect(Object.keys(Object(event.data))).toEqual(['session_id', 'hook_event_name', 'b', 'a', 'c'])
    expect(event.data).toMatchObject({ a: { z: [expect.any(String), 1], __proto__x: null }, c: 'end' })
    expect(event.origin).toMatchObject({ truncated: [{ path: 'b' }, { path: 'a.z.0' }] })
  })
})

describe('a body', () => {
  const bodyOf = (bytes: number) => {
    const rest = '{"hook_event_name":"Big","session_id":"big","parts":[""]}'.length
    return `{"hook_event_name":"Big","session_id":"big","parts":["${'x'.repeat(bytes - rest)}"]}`
  }
  const chunked = (body: string) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        const bytes = Buffer.from(body)
        for (let at = 0; at < bytes.length; at += MiB) controller.enqueue(bytes.subarray(at, at + MiB))
        controller.close()
      },
    })

  test('of 16 MiB is taken, declared or in chunks', async () => {
    const body = bodyOf(16 * MiB)
    expect((await hook(body)).text).toBe('{}')
    expect((await hook(chunked(body))).text).toBe('{}')
    expect(await list({ session: 'big' })).toHaveLength(2)
  })

  test('of one byte more is a 413, declared or in chunks', async () => {
    const body = bodyOf(16 * MiB + 1)
    for (const sent of [body, chunked(body)]) {
      const answer = await hook(sent)
      expect(answer.status).toBe(413)
      expect(answer.text).toContain('too_large')
    }
    expect(await list({ session: 'big' })).toHaveLength(2)
  })
})

describe('an idempotency key', () => {
  test('makes many deliveries one event, also at the same moment', async () => {
    const body = { hook_event_name: 'Once', session_id: 'once' }
    const all = await Promise.all(Array.from({ length: 20 }, () => hook(body, { 'idempotency-key': 'k-1' })))
    expect(new Set(all.map(({ status, text }) => `${status} ${text}`))).toEqual(new Set(['200 {}']))
    expect(await list({ session: 'once' })).toHaveLength(1)
  })

  test('with another body is refused', async () => {
    const key = { 'idempotency-key': 'k-2' }
    expect((await hook({ hook_event_name: 'Once', a: 1 }, key)).text).toBe('{}')
    const answer = await hook({ hook_event_name: 'Once', a: 2 }, key)
    expect(answer.status).toBe(422)
    expect(answer.json()).toMatchObject({ ok: false, code: 'key_reused' })
  })

  test('is still known after a kill and a restart', async () => {
    const home = temporaryHome()
    const body = { hook_event_name: 'Once', session_id: 'restarted' }
    const key = { 'idempotency-key': 'k-3' }
    try {
      const first = await startDaemon({ home })
      expect((await hook(body, key, ownersDoor(first))).text).toBe('{}')
      await first.kill('SIGKILL')
      await using second = await startDaemon({ home })
      expect((await hook(body, key, ownersDoor(second))).text).toBe('{}')
      expect(await list({ session: 'restarted' }, ownersDoor(second))).toHaveLength(1)
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  })
})
