// The limits of src/protocol/limits.ts that can be reached from outside, each at its edge: that much passes, one more
// is refused with the code that the README names. (Bodies of each shape, lines and subscriptions: bad-input and frames;
// backlogs: lagging; the spool's bound: test/lib/spool.test.ts.)

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { limits } from '../../src/protocol/limits.ts'
import { type Connection, openConnection } from '../../src/client/connection.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { ask, head, residentMiB, statuses } from '../support/http-text.ts'
import { frameOf, opcodes, openWebSocketWire } from '../support/websocket-wire.ts'
import { openMany, openWire } from '../support/wire.ts'

let daemon: TestDaemon
let connection: Connection
beforeAll(async () => {
  daemon = await startDaemon()
  connection = await openConnection(daemon.socket)
})
afterAll(async () => {
  connection.close()
  await daemon.stop()
})

const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'answered',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )

const post = async (path: string, body: string, headers: Record<string, string> = {}): Promise<unknown> => {
  const answer = await ask(daemon, path, { method: 'POST', body, headers })
  const { code } = JSON.parse(await answer.text())
  return answer.status === 200 ? 'answered' : `${answer.status} ${code}`
}

/** A text of exactly so many bytes. */
const exactly = (bytes: number, start: string, end: string): string =>
  start + 'x'.repeat(bytes - start.length - end.length) + end

describe('a body', () => {
  const event = (bytes: number) => exactly(bytes, '{"type":"body","metadata":{"x":"', '"}}')
  const hook = (bytes: number) => exactly(bytes, '{"hook_event_name":"Stop","session_id":"s","x":"', '"}')

  test('of an event', async () => {
    expect(await post('/events', event(limits.bodyBytes))).toBe('answered')
    expect(await post('/events', event(limits.bodyBytes + 1))).toBe('413 too_large')
    expect(await post('/call/event.list', exactly(limits.bodyBytes + 1, '{"x":"', '"}'))).toBe(
      '413 too_large',
    )
  })

  test('of a hook', async () => {
    expect(await post('/hooks/claude', hook(limits.hookBodyBytes))).toBe('answered')
    expect(await post('/hooks/claude', hook(limits.hookBodyBytes + 1))).toBe('413 too_large')
  }, 30_000)

  test('of an event, as configured', async () => {
    await using small = await startDaemon({ config: { http: { maxBody: 2048 } } })
    for (const [bytes, status] of [
      [2048, 200],
      [2049, 413],
    ] as const)
      expect((await ask(small, '/events', { method: 'POST', body: event(bytes) })).status).toBe(status)
  })

  test('nested to the last level', async () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
    const body = (levels: number) => `{"type":"deep","payload":${nested(levels - 1)}}`
    expect(await post('/events', body(limits.jsonDepth))).toBe('answered')
    expect(await post('/events', body(limits.jsonDepth + 1))).toBe('400 bad_request')
  })
})

test('a string inside a hook is kept whole up to its limit', async () => {
  const send = (bytes: number) =>
    post(
      '/hooks/claude',
      JSON.stringify({ hook_event_name: `Long${bytes}`, session_id: 's', text: 'é'.repeat(bytes / 2) }),
    )
  const { hookStringBytes } = limits
  await send(hookStringBytes)
  await send(hookStringBytes + 2)
  const read = async (bytes: number) =>
    (await connection.call('event.list', { type: `Long${bytes}` })).events[0]
  expect((await read(hookStringBytes))?.origin).toBeUndefined()
  expect((await read(hookStringBytes + 2))?.origin).toEqual({
    truncated: [{ path: 'text', bytes: hookStringBytes + 2 }],
  })
})

describe('a message', () => {
  const call = (bytes: number) =>
    exactly(bytes, '{"id":1,"method":"event.publish","params":{"type":"m","data":{"x":"', '"}}}')

  test('of the socket', async () => {
    await using wire = await openWire(daemon.socket)
    wire.send(`${call(limits.lineBytes)}\n`)
    expect(await wire.until('\n')).toContain('"ids"')
    wire.send(`${call(limits.lineBytes + 1)}\n`)
    expect(await wire.until((text) => text.split('\n').length === 3)).toContain('too_large')
  }, 30_000)

  test('of a WebSocket', async () => {
    await using socket = await openWebSocketWire(daemon, '/')
    socket.say(call(limits.webSocketMessageBytes))
    await socket.until(() => socket.texts().length > 0)
    expect(socket.texts()[0]).toContain('"ids"')
    socket.send(frameOf(opcodes.text, call(limits.webSocketMessageBytes + 1)))
    await socket.wire.closed
    expect([1009, undefined]).toContain(socket.closeCode())
  }, 30_000)
})

test('a URL', async () => {
  const path = (bytes: number) => exactly(bytes, '/events?ignored=', '')
  expect((await ask(daemon, path(limits.urlBytes))).status).toBe(200)
  const refused = await ask(daemon, path(limits.urlBytes + 1))
  expect({ status: refused.status, body: await refused.json() }).toMatchObject({
    status: 414,
    body: { ok: false, code: 'url_too_long' },
  })
})

describe('a name, in bytes and not in characters', () => {
  /** é is two bytes, 🚀 four */
  const name = (bytes: number, character: string) => {
    const size = Buffer.byteLength(character)
    return character.repeat(Math.floor(bytes / size)) + 'x'.repeat(bytes % size)
  }
  const publish = (params: Record<string, unknown>) =>
    codeOf(connection.call('event.publish', { type: 'name', data: {}, ...params }))
  const list = (params: Record<string, unknown>) => codeOf(connection.call('event.list', params))

  test.each(['x', 'é', '🚀'])('of %s', async (character) => {
    const of = (bytes: number) => name(bytes, character)
    const { typeBytes, channelBytes, keyBytes, sessionIdBytes } = limits
    for (const [edge, expected] of [
      [0, 'answered'],
      [1, 'bad_request'],
    ] as const) {
      expect(await publish({ type: of(typeBytes + edge) })).toBe(expected)
      expect(await publish({ channel: of(channelBytes + edge) })).toBe(expected)
      expect(await publish({ key: of(keyBytes + edge) })).toBe(expected)
      expect(await list({ type: of(typeBytes + edge) })).toBe(expected)
      expect(await list({ channel: of(channelBytes + edge) })).toBe(expected)
      expect(await list({ channel: `${of(channelBytes - 1 + edge)}*` })).toBe(expected)
      expect(await list({ session: of(sessionIdBytes + edge) })).toBe(expected)
      const hook = JSON.stringify({ hook_event_name: 'Stop', session_id: of(sessionIdBytes + edge) })
      expect(await post('/hooks/claude', hook)).toBe(edge === 0 ? 'answered' : '400 bad_request')
    }
  })

  test('of a key in a header', async () => {
    const key = (bytes: number) => ({ 'idempotency-key': name(bytes, 'x') })
    expect(await post('/events', '{"type":"key"}', key(limits.keyBytes))).toBe('answered')
    expect(await post('/events', '{"type":"key"}', key(limits.keyBytes + 1))).toBe('400 bad_request')
  })
})

describe('a count', () => {
  const events = (count: number) => Array.from({ length: count }, () => ({ type: 'count', data: {} }))

  test('of events in a batch', async () => {
    const bodies = (count: number) => JSON.stringify(events(count).map(({ type }) => ({ type })))
    expect(await post('/events', bodies(limits.batchEvents))).toBe('answered')
    expect(await post('/events', bodies(limits.batchEvents + 1))).toBe('400 bad_request')
    expect(await post('/events', '[]')).toBe('400 bad_request')
    const over = limits.batchEvents + 1
    expect(await codeOf(connection.call('event.publish', { events: events(over) }))).toBe('bad_request')
  })

  test('of events in a page and in a replay', async () => {
    const page = async (limit: number) => (await ask(daemon, `/events?limit=${limit}`)).status
    expect([await page(limits.pageEvents), await page(limits.pageEvents + 1), await page(0)]).toEqual([
      200, 400, 400,
    ])
    expect(JSON.parse(await (await ask(daemon, '/events?type=count')).text()).total).toBe(
      limits.pageEventsDefault,
    )
    await using replay = await openWebSocketWire(daemon, `/ws?replay=${limits.replayEvents}&type=count`)
    await replay.until((frames) => frames.length === limits.replayEvents)
    expect(await openWebSocketWire(daemon, `/ws?replay=${limits.replayEvents + 1}`).catch(String)).toContain(
      'HTTP/1.1 400',
    )
  })

  test('of patterns in a subscription', async () => {
    const patterns = (count: number) => Array.from({ length: count }, (_, n) => `p${n}:*`)
    const most = limits.patternsPerSubscription
    const subscribe = (channel: string[]) => codeOf(connection.call('event.subscribe', { channel }))
    expect(await subscribe(patterns(most))).toBe('answered')
    expect(await subscribe(patterns(most + 1))).toBe('bad_request')
  })

  test('of subscriptions of a peer: one that ends makes room', async () => {
    await using peer = await openConnection(daemon.socket)
    const subscribe = () => peer.call('event.subscribe', { channel: 'many' })
    const all = await Promise.all(Array.from({ length: limits.subscriptionsPerPeer }, subscribe))
    expect(await codeOf(subscribe())).toBe('too_many_subscriptions')
    await peer.call('event.unsubscribe', { subscription: all[0]?.subscription ?? '' })
    expect(await codeOf(subscribe())).toBe('answered')
    expect(await codeOf(subscribe())).toBe('too_many_subscriptions')
  })

  test('of failed tokens from one address: then it waits, and a right token never does', async () => {
    await using guessed = await startDaemon()
    const wrong = { ...guessed, token: 'wrong' }
    for (let n = 0; n < limits.authFailures; n++) expect((await ask(wrong, '/events')).status).toBe(401)
    const refused = await ask(wrong, '/events')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeWithin(1, limits.authPauseMs / 1000 + 1)
    expect((await ask(guessed, '/events')).status).toBe(200)
  })

  test('of calls in flight: 5,000 sent at once are answered, each one, in bounded memory', async () => {
    await using wire = await openWire(daemon.socket)
    const answered = new Set<number>()
    const done = Promise.withResolvers<void>()
    let rest = ''
    wire.take((chunk) => {
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) answered.add(JSON.parse(line).id)
      if (answered.size === 5000) done.resolve()
    })
    wire.send(
      Array.from(
        { length: 5000 },
        (_, id) => `{"id":${id},"method":"event.publish","params":{"type":"flight","data":{}}}\n`,
      ).join(''),
    )
    await done.promise
    expect(residentMiB(daemon)).toBeLessThan(512)
  }, 30_000)
})

describe('connections of a door', () => {
  test('of the socket', async () => {
    await using fresh = await startDaemon()
    const wires = await openMany(limits.connections, () => openWire(fresh.socket))
    const last = wires.at(-1)
    last?.send('{"id":1,"method":"event.list"}\n')
    expect(await last?.until('"id":1')).toContain('"result"')
    await using over = await openWire(fresh.socket)
    await over.closed
    wires.pop()?.end()
    // the place is free as soon as the daemon has seen the end
    let answer = ''
    while (!answer.includes('"connections":')) answer = (await fresh.run(['status', '--json'])).stdout
    expect(JSON.parse(answer).refused.connections).toBeGreaterThan(0)
    expect((await ask(fresh, '/health')).status).toBe(200)
    for (const wire of wires) wire.end()
  }, 60_000)

  test('of WebSockets', async () => {
    await using fresh = await startDaemon()
    const sockets = await openMany(limits.connections, () => openWebSocketWire(fresh))
    const refused = await openWebSocketWire(fresh).then(() => 'let in', String)
    expect(statuses(refused)).toEqual([429])
    expect(refused).toContain('too_many_requests')
    expect((await ask(fresh, '/events')).status).toBe(200)
    for (const socket of sockets) socket.end()
    for (;;) {
      const next = await openWebSocketWire(fresh).catch(() => undefined)
      next?.end()
      if (next) break
    }
  }, 60_000)
})

test('what does not arrive in time: half a head is dropped, half a body is a 408, a silent one is closed', async () => {
  await using silent = await openWire(daemon.url)
  await using half = await openWire(daemon.url)
  half.send('GET /events HTTP/1.1\r\n')
  const bodies = await Promise.all([openWire(daemon.url), openWire(daemon.httpSocket)])
  const start = head(daemon, 'POST', '/events', 'content-type: application/json', 'content-length: 1000')
  for (const wire of bodies) wire.send(start)
  const drip = setInterval(() => bodies.forEach((wire) => wire.send(' ')), 1000)
  const answers = await Promise.all(bodies.map((wire) => wire.until('"code":"timeout"')))
  clearInterval(drip)
  expect(answers.map(statuses)).toEqual([[408], [408]])
  await Promise.all([silent.closed, half.closed])
  for (const wire of bodies) wire.end()
}, 60_000)
