// GET /events as a stream: JSON lines and Server-Sent Events, resumed without a gap or a double, kept awake, and ended
// with a word when the reader falls behind.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { z } from 'zod'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { busEvent, createHttp, postEvent, readPage, type Http, type LineStream } from '../support/http.ts'

const ndjson = { accept: 'application/x-ndjson' }
const sse = { accept: 'text/event-stream' }
const generousMs = 60_000

let daemon: TestDaemon
let http: Http
/** opened first and read last: what keeps a quiet stream awake comes while the other tests run */
let quiet: { lines: LineStream; events: LineStream }

beforeAll(async () => {
  daemon = await startDaemon()
  http = createHttp(daemon.url, { token: daemon.token })
  quiet = {
    lines: await http.stream('/events?follow=1&type=never', ndjson),
    events: await http.stream('/events?type=never', sse),
  }
})
afterAll(() => daemon.stop())

const post = (type: string, session = 'streamed') =>
  postEvent(http, { type, metadata: { sessionId: session } })

type Told = { id: string | undefined; event: z.infer<typeof busEvent> }

/** The next event of a Server-Sent Events stream; comments are passed over. */
const nextTold = async ({ lines }: LineStream): Promise<Told> => {
  let id: string | undefined
  for (;;) {
    const line = await lines.next()
    if (line.startsWith('id: ')) id = line.slice('id: '.length)
    if (!line.startsWith('data: ')) continue
    expect(await lines.next()).toBe('')
    return { id, event: busEvent.parse(JSON.parse(line.slice('data: '.length))) }
  }
}

const nextLine = async ({ lines }: LineStream) => {
  for (;;) {
    const line = await lines.next()
    if (line !== '') return busEvent.parse(JSON.parse(line))
  }
}

describe('as JSON lines', () => {
  test('a page is one event a line, the same that JSON gives, and ends', async () => {
    for (const type of ['p1', 'p2', 'p3']) await post(type, 'page')
    const answer = await http.get('/events?session=page&limit=2', ndjson)
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson')
    expect(answer.text).toEndWith('\n')
    const events = answer.text
      .trimEnd()
      .split('\n')
      .map((line) => busEvent.parse(JSON.parse(line)))
    expect(events).toEqual((await readPage(http, '?session=page&limit=2')).events)
    expect(events.map(({ type }) => type)).toEqual(['p2', 'p3'])
  })

  test('?follow=1 begins with the newest and stays open', async () => {
    for (const type of ['f1', 'f2', 'f3']) await post(type, 'followed')
    await using stream = await http.stream('/events?follow=1&session=followed&limit=2', ndjson)
    expect({ status: stream.status, type: stream.headers.get('content-type') }).toEqual({
      status: 200,
      type: 'application/x-ndjson',
    })
    const id = await post('f4', 'followed')
    await post('unheard', 'another')
    await post('f5', 'followed')
    const events = [
      await nextLine(stream),
      await nextLine(stream),
      await nextLine(stream),
      await nextLine(stream),
    ]
    expect(events.map(({ type }) => type)).toEqual(['f2', 'f3', 'f4', 'f5'])
    expect(events[2]?.id).toBe(id)
  })

  test('a stream answers at once, also while there is nothing to tell', async () => {
    await using stream = await http.stream('/events?follow=1&type=nothing-yet', ndjson)
    expect(stream.status).toBe(200)
    const id = await post('nothing-yet')
    expect(await nextLine(stream)).toMatchObject({ id })
  })
})

describe('as Server-Sent Events', () => {
  test('each event has its id and the data that JSON gives', async () => {
    await using stream = await http.stream('/events?session=sse', sse)
    expect(stream.headers.get('content-type')).toStartWith('text/event-stream')
    expect(stream.headers.get('cache-control')).toBe('no-store')
    const ids = [await post('e1', 'sse'), await post('e2\u2028', 'sse')]
    const told = [await nextTold(stream), await nextTold(stream)]
    expect(told.map(({ id }) => id)).toEqual(ids)
    expect(told.map(({ event }) => event)).toEqual((await readPage(http, '?session=sse')).events)
  })

  test('a transient event has no id, so that a reader resumes from the last stored one', async () => {
    await using stream = await http.stream('/events?channel=passing', sse)
    const passing = { channel: 'passing', type: 'passing', transient: true }
    expect((await http.post('/call/event.publish', passing)).status).toBe(200)
    for (;;) {
      const line = await stream.lines.next()
      expect(line).not.toStartWith('id:')
      if (line.startsWith('data: ')) break
    }
  })

  test('?follow=0 is a page that ends', async () => {
    const id = await post('ended', 'ended')
    const answer = await http.get('/events?follow=0&session=ended', sse)
    expect(answer.text).toStartWith(`id: ${id}\ndata: {"id":"${id}"`)
    expect(answer.text).toEndWith('\n\n')
  })

  test('Last-Event-ID goes before since, and a bad one is refused by name', async () => {
    const ids = [await post('l1', 'last'), await post('l2', 'last'), await post('l3', 'last')]
    const headers = { ...sse, 'last-event-id': ids[1] ?? '' }
    await using stream = await http.stream(`/events?session=last&since=${ids[0]}`, headers)
    expect((await nextTold(stream)).id).toBe(ids[2])
    for (const path of [
      '/events?since=evt_x',
      '/events?limit=0',
      '/events?replay=x',
      '/events?follow=maybe',
    ]) {
      const answer = await http.get(path, sse)
      expect({ path, status: answer.status }).toEqual({ path, status: 400 })
      expect(answer.text).toContain(/\?(\w+)/.exec(path)?.[1] ?? '')
    }
    expect((await http.get('/events', { ...sse, 'last-event-id': 'evt_' })).status).toBe(400)
  })

  test(
    'a reader that is cut off again and again and resumes with Last-Event-ID has every event once',
    async () => {
      const count = 400
      const first = await post('begin', 'resumed')
      const posting = (async () => {
        for (let n = 0; n < count; n++) await post(`r${n}`, 'resumed')
      })()
      const heard: string[] = []
      let last = first
      while (heard.length < count) {
        await using stream = await http.stream('/events?session=resumed', { ...sse, 'last-event-id': last })
        // a different piece each time, so that the cut falls into replays, seams and live events
        const piece = 1 + ((heard.length * 7) % 50)
        for (let n = 0; n < piece && heard.length < count; n++) {
          const { id, event } = await nextTold(stream)
          heard.push(event.type)
          last = id ?? last
        }
      }
      await posting
      expect(heard).toEqual(Array.from({ length: count }, (_, n) => `r${n}`))
    },
    generousMs,
  )
})

test(
  'a long replay is whole and in order, also with large events',
  async () => {
    const text = 'x'.repeat(100_000)
    for (let n = 0; n < 60; n++)
      await postEvent(http, { type: `big${n}`, session_id: 'big', metadata: { text } })
    await using stream = await http.stream('/events?session=big&since=evt_0', sse)
    for (let n = 0; n < 60; n++) expect((await nextTold(stream)).event.type).toBe(`big${n}`)
    const live = await post('live', 'big')
    expect((await nextTold(stream)).id).toBe(live)
  },
  generousMs,
)

describe('a reader that reads nothing', () => {
  const bounds = { subscriptions: { maxUnsentEvents: 20, maxUnsentBytes: 64 * 1024 } }
  const lagged = /event: lagged\ndata: \{"since":"evt_(\d+)"\}/

  test(
    'is ended with the place to resume from, has every event before it, and holds up nobody',
    async () => {
      await using daemon = await startDaemon({ config: bounds })
      const http = createHttp(daemon.url, { token: daemon.token })
      const slow = connect(daemon.httpSocket)
      let text = ''
      const connected = Promise.withResolvers<void>()
      const ended = Promise.withResolvers<void>()
      slow.on('data', (chunk) => {
        text += chunk.toString('utf8')
        if (text.includes(': connected')) connected.resolve()
        if (lagged.test(text)) ended.resolve()
      })
      slow.write('GET /events HTTP/1.1\r\nHost: paid\r\nAccept: text/event-stream\r\n\r\n')
      await connected.promise
      slow.pause()

      await using reader = await http.stream('/events', sse)
      const metadata = { text: 'x'.repeat(50_000) }
      const status = z.looseObject({ result: z.looseObject({ peers: z.looseObject({ lagged: z.int() }) }) })
      const laggedCount = async () =>
        status.parse((await http.post('/call/system.status', {})).json()).result.peers.lagged
      const ids: string[] = []
      while ((await laggedCount()) === 0) {
        ids.push(await postEvent(http, { type: 'flood', metadata }))
        expect((await nextTold(reader)).id).toBe(ids.at(-1) ?? '')
      }

      slow.resume()
      await ended.promise
      slow.destroy()
      const heard = Array.from(text.matchAll(/^id: (evt_\d+)$/gm), ([, id]) => id ?? '')
      const since = `evt_${lagged.exec(text)?.[1]}`
      expect(heard.length).toBeGreaterThan(0)
      expect(heard).toEqual(ids.slice(0, heard.length))
      expect(since).toBe(heard.at(-1) ?? '')
      await using again = await http.stream('/events', { ...sse, 'last-event-id': since })
      for (const id of ids.slice(heard.length)) expect((await nextTold(again)).id).toBe(id)
    },
    generousMs,
  )

  test('may be behind by one event, however large', async () => {
    await using daemon = await startDaemon({
      config: { subscriptions: { maxUnsentEvents: 1, maxUnsentBytes: 1024 } },
    })
    const http = createHttp(daemon.url, { token: daemon.token })
    await using stream = await http.stream('/events', sse)
    for (let n = 0; n < 5; n++) {
      const id = await postEvent(http, { type: 'huge', metadata: { text: 'x'.repeat(900_000) } })
      expect((await nextTold(stream)).id).toBe(id)
    }
  })
})

test(
  'a quiet stream is kept awake: a comment for Server-Sent Events, a blank line for JSON lines',
  async () => {
    expect(await quiet.events.lines.take(2)).toEqual([': connected', ''])
    expect(await quiet.events.lines.take(2)).toEqual([': keep-alive', ''])
    expect(await quiet.lines.lines.take(2)).toEqual(['', ''])
    await quiet.events[Symbol.asyncDispose]()
    await quiet.lines[Symbol.asyncDispose]()
  },
  generousMs,
)

test('a stream ends when the daemon stops', async () => {
  await using leaving = await startDaemon()
  const stream = await createHttp(leaving.url, { token: leaving.token }).stream('/events?follow=1', ndjson)
  await leaving.stop()
  expect(await leaving.exited).toBe(0)
  const end = async (): Promise<string> => {
    try {
      for (;;) await stream.lines.next()
    } catch (error) {
      return String(error)
    }
  }
  expect(await end()).toContain('The stream ended')
})
