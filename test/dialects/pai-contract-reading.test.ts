// The documented contract of the event bus, second part: reading pages and following. See pai-contract.test.ts.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { busEvent, createHttp, postMany, readPage, type Http } from '../support/http.ts'
import { openWebSocket, type TestWebSocket } from '../support/websocket.ts'

let daemon: TestDaemon
let http: Http

beforeAll(async () => {
  daemon = await startDaemon({ args: ['--listen', '127.0.0.1:0,auth=none'] })
  http = createHttp(daemon.url)
})
afterAll(() => daemon.stop())

const frame = z.strictObject({ type: z.literal('event'), data: busEvent })
const nextEvent = async ({ frames }: TestWebSocket) => frame.parse(JSON.parse(await frames.next())).data

describe('GET /events', () => {
  test('pages to the end with since=<next>', async () => {
    const ids = await postMany(
      http,
      Array.from({ length: 25 }, () => 'paged'),
    )
    const read: string[] = []
    let since = `evt_${Number(ids[0]?.slice(4)) - 1}`
    for (;;) {
      const page = await readPage(http, `?type=paged&limit=10&since=${since}`)
      expect(page.total).toBe(page.events.length)
      if (page.total === 0) {
        expect(page.next).toBe(since)
        break
      }
      expect(page.next).toBe(page.events.at(-1)?.id)
      read.push(...page.events.map(({ id }) => id))
      since = page.next ?? ''
    }
    expect(read).toEqual(ids)
  })

  test('takes an event id for since, exclusive, whether it exists or not', async () => {
    const [first, second] = await postMany(http, ['s1', 's2'])
    expect((await readPage(http, `?since=${first}`)).events).toMatchObject([{ id: second }])
    expect(await readPage(http, `?since=${second}`)).toEqual({ events: [], total: 0, next: second ?? '' })
    expect((await readPage(http, '?since=evt_0&limit=1')).total).toBe(1)
    expect(await readPage(http, '?since=evt_999999999')).toEqual({
      events: [],
      total: 0,
      next: 'evt_999999999',
    })
  })

  test('takes an ISO time for since, by arrival', async () => {
    const past = await readPage(http, '?since=2020-01-01T00:00:00Z&limit=1')
    expect(past.events).toEqual((await readPage(http, '?since=evt_0&limit=1')).events)
    expect(
      (await readPage(http, `?since=${encodeURIComponent('2020-01-01T01:00:00+01:00')}&limit=1`)).total,
    ).toBe(1)
    const future = await readPage(http, '?since=2999-01-01T00:00:00Z')
    expect(future.events).toEqual([])
    const [later] = await postMany(http, ['after-future'])
    expect((await readPage(http, `?since=${future.next}`)).events).toMatchObject([{ id: later }])
  })

  test('takes a number for since, which is that of an event', async () => {
    const [first, second] = await postMany(http, ['n1', 'n2'])
    expect((await readPage(http, `?since=${first?.slice(4)}`)).events).toMatchObject([{ id: second }])
    expect(await readPage(http, '?since=0&limit=1')).toEqual(await readPage(http, '?since=evt_0&limit=1'))
  })

  test('gives a cursor to read on from also when nothing matched, so that a poller misses nothing', async () => {
    const { events, next } = await readPage(http, '?type=awaited')
    expect(events).toEqual([])
    const [id] = await postMany(http, ['awaited'])
    expect((await readPage(http, `?type=awaited&since=${next}`)).events).toMatchObject([{ id }])
  })

  test('names a bad filter in a 400', async () => {
    for (const [query, named] of [
      ['since=evt_x', 'since'],
      ['since=evt_-1', 'since'],
      ['since=-1', 'since'],
      ['since=1e3', 'since'],
      ['since=yesterday', 'since'],
      ['since=2026-13-01', 'since'],
      ['limit=many', 'limit'],
      [`type=${'x'.repeat(257)}`, 'type'],
      [`session=${'x'.repeat(257)}`, 'session'],
      ['session=a%00b', 'session'],
      ['channel=a*b', 'pattern'],
      ['all=perhaps', 'all'],
    ] as const) {
      const answer = await http.get(`/events?${query}`)
      expect({ query, status: answer.status }).toEqual({ query, status: 400 })
      expect(answer.json()).toMatchObject({
        ok: false,
        code: 'bad_request',
        error: expect.stringContaining(named),
      })
    }
  })

  test('shows the daemon’s own affairs only when asked', async () => {
    const types = async (query: string) => (await readPage(http, query)).events.map(({ type }) => type)
    expect(await types('?limit=1000')).not.toContain('system.started')
    expect(await types('?channel=system:*')).toContain('system.started')
    expect(await types('?all=1&since=evt_0&limit=1')).toContain('system.started')
    expect((await http.get('/stats')).text).not.toContain('system.started')
  })

  test('answers HEAD like GET, without the body', async () => {
    const answer = await http.send('HEAD', '/events')
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '' })
    const { text } = await http.get('/methods')
    const { headers } = await http.send('HEAD', '/methods')
    expect(Number(headers.get('content-length'))).toBe(Buffer.byteLength(text))
  })

  test('follows nothing for a HEAD, whatever it accepts', async () => {
    const streams = async () => JSON.parse((await daemon.run(['status', '--json'])).stdout).peers.streams
    const before = await streams()
    for (const accept of ['text/event-stream', 'application/x-ndjson']) {
      const { status, headers } = await http.send('HEAD', '/events?follow=1', { headers: { accept } })
      expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining(accept)])
    }
    while ((await streams()) > before) await Bun.sleep(10)
  })
})

describe('/ws', () => {
  test('?since= sends what came after it, then what comes', async () => {
    const [first, second] = await postMany(http, ['w1', 'w2'])
    await using listener = await openWebSocket(`${daemon.url}/ws?since=${first}`)
    expect(await nextEvent(listener)).toMatchObject({ id: second })
    const [third] = await postMany(http, ['w3'])
    expect(await nextEvent(listener)).toMatchObject({ id: third })
  })

  test('?replay=50 sends at most the newest fifty of what matches', async () => {
    await postMany(
      http,
      Array.from({ length: 60 }, (_, n) => `r${n}`),
      'replayed',
    )
    await using listener = await openWebSocket(`${daemon.url}/ws?replay=50&session=replayed`)
    const got = await listener.frames.take(50)
    expect(got.map((text) => frame.parse(JSON.parse(text)).data.type)).toEqual(
      Array.from({ length: 50 }, (_, n) => `r${n + 10}`),
    )
    expect(await listener.untilPong()).toEqual([])
  })

  test('?type= and ?session= narrow what is heard', async () => {
    await using byType = await openWebSocket(`${daemon.url}/ws?type=heard`)
    await using bySession = await openWebSocket(`${daemon.url}/ws?session=ws-1`)
    const [, heard] = await postMany(http, ['unheard', 'heard'])
    const [inSession] = await postMany(http, ['heard-too'], 'ws-1')
    expect(await nextEvent(byType)).toMatchObject({ id: heard })
    expect(await nextEvent(bySession)).toMatchObject({ id: inSession })
    expect([await byType.untilPong(), await bySession.untilPong()]).toEqual([[], []])
  })

  test('with a bad filter is refused before its upgrade, with a 400 that names it', async () => {
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    }
    for (const [query, named] of [
      ['since=nonsense', 'since'],
      ['replay=-1', 'replay'],
      ['replay=1001', 'replay'],
      ['replay=x', 'replay'],
    ] as const) {
      const answer = await http.get(`/ws?${query}`, upgrade)
      expect({ query, status: answer.status }).toEqual({ query, status: 400 })
      expect(answer.text).toContain(named)
    }
  })
})
