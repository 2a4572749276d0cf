// The client at each of the daemon's doors: what it promises does not depend on what carries it.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { follow } from '../../src/client/follow.ts'
import { connect, PaidError } from '../../src/client/index.ts'
import type { Open } from '../../src/client/line.ts'
import { withHeartbeat } from '../../src/client/lines/heartbeat.ts'
import { nodeWebSocketLine } from '../../src/client/lines/node-websocket.ts'
import { nodeSocket } from '../../src/client/lines/node.ts'
import { unixLine } from '../../src/client/lines/unix.ts'
import { webSocketLine } from '../../src/client/lines/websocket.ts'
import { createClient } from '../../src/client/client.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'

let daemon: TestDaemon
beforeAll(async () => {
  daemon = await startDaemon()
})
afterAll(() => daemon?.stop())

const lines: [string, (daemon: TestDaemon) => Open][] = [
  ["Bun's socket", ({ socket }) => unixLine(socket)],
  ["Node's socket", ({ socket }) => nodeSocket(socket)],
  ["the runtime's WebSocket", ({ url, token }) => webSocketLine(url, token)],
  ['a WebSocket over node:http', ({ url, token }) => nodeWebSocketLine(url, token)],
]

const publish = async (through: TestDaemon, channel: string, from: number, to: number) => {
  await using paid = await connect({ socket: through.socket })
  const events = Array.from({ length: to - from }, (_, at) => ({
    channel,
    type: 'n',
    data: { n: from + at },
  }))
  while (events.length > 0) await paid.call('event.publish', { events: events.splice(0, 1000) })
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at)

const numberIn = (data: unknown): unknown =>
  typeof data === 'object' && data !== null && 'n' in data ? data.n : undefined

let channels = 0
const newChannel = () => `doors-${++channels}`

describe.each(lines)('over %s', (_name, lineTo) => {
  test('calls are answered, refusals carry the code of the table', async () => {
    await using paid = await createClient(lineTo(daemon))
    expect((await paid.call('system.status', {})).pid).toBe(daemon.pid)
    const error = await paid.call('event.list', { limit: 0 }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(PaidError)
    expect(error).toMatchObject({ code: 'bad_request', exit: 2 })
  })

  test('text of any size and alphabet comes back as it was sent', async () => {
    const channel = newChannel()
    await using paid = await createClient(lineTo(daemon))
    const texts = [
      '',
      'é',
      '日本語😀'.repeat(9000),
      'x'.repeat(125),
      'x'.repeat(65_536),
      'y'.repeat(3_000_000),
    ]
    for (const text of texts) await paid.call('event.publish', { channel, type: 'text', data: { text } })
    const { events } = await paid.call('event.list', { channel })
    expect(events.map(({ data }) => data)).toEqual(texts.map((text) => ({ text })))
  })

  test('a reader that is slow gets every event once, in order', async () => {
    const channel = newChannel()
    const seen: unknown[] = []
    const stop = new AbortController()
    await publish(daemon, channel, 0, 6000)
    for await (const { data } of follow(
      { channel, since: 0 },
      { open: lineTo(daemon), signal: stop.signal },
    )) {
      seen.push(numberIn(data))
      if (seen.length % 1000 === 0) await Bun.sleep(20)
      if (seen.length === 6000) stop.abort()
    }
    expect(seen).toEqual(numbers(0, 6000))
  })

  test('a subscription goes on after a kill and a restart without gap or double, and so do calls', async () => {
    const home = temporaryHome()
    const channel = 'restart'
    const seen: unknown[] = []
    const stop = new AbortController()
    try {
      const first = await startDaemon({ home })
      const port = new URL(first.url).host
      await publish(first, channel, 0, 100)
      await using paid = await createClient(lineTo(first))
      const half = Promise.withResolvers<void>()
      const done = (async () => {
        for await (const { data } of paid.subscribe({ channel, since: 0 }, { signal: stop.signal })) {
          seen.push(numberIn(data))
          if (seen.length === 100) half.resolve()
          if (seen.length === 200) stop.abort()
        }
      })()
      await half.promise
      await first.kill('SIGKILL')
      await using second = await startDaemon({ home, args: ['--listen', port] })
      await publish(second, channel, 100, 200)
      await done
      expect(seen).toEqual(numbers(0, 200))
      expect((await paid.call('system.status', {})).pid).toBe(second.pid)
    } finally {
      stop.abort()
      rmSync(home, { recursive: true, force: true })
    }
  })

  test('waiting is given up when the signal says so, with its reason', async () => {
    const name = newChannel()
    await using paid = await createClient(lineTo(daemon))
    await using _held = await paid.lock(name)
    const stop = new AbortController()
    const waiting = paid
      .call('lock.acquire', { name, holder: 'other', wait: 60_000 }, { signal: stop.signal })
      .catch((reason: unknown) => reason)
    stop.abort('not any more')
    expect(await waiting).toBe('not any more')
    const late = paid.call('lock.acquire', { name, holder: 'late', wait: 60_000 }, { timeoutMs: 20 })
    expect(await late.catch((reason: unknown) => reason)).toMatchObject({ code: 'timeout' })
  })
})

describe.each(lines.slice(-2))('a refusal over %s', (_name, lineTo) => {
  const refusal = async (url: string, token: string): Promise<unknown> =>
    await createClient(lineTo({ ...daemon, url, token })).catch((reason: unknown) => reason)

  test('says what was wrong', async () => {
    expect(await refusal(daemon.url, 'not the token')).toMatchObject({ code: 'unauthorized' })
    expect(await refusal('http://127.0.0.1:1', daemon.token)).toMatchObject({ code: 'not_running' })
    expect(await refusal('no address', daemon.token)).toMatchObject({ code: 'bad_request' })
    const stranger = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('hello') })
    const error = await refusal(`http://127.0.0.1:${stranger.port}`, daemon.token)
    await stranger.stop(true)
    expect(error).toMatchObject({ code: 'not_running' })
    expect(String(error)).toContain('no daemon of ours')
  })
})

describe.each(lines.slice(-2))('a door that says nothing, over %s,', (_name, lineTo) => {
  test('is left when the time is up, or when the signal says so', async () => {
    const mute = Bun.listen({ port: 0, hostname: '127.0.0.1', socket: { data: () => {} } })
    const open = lineTo({ ...daemon, url: `http://127.0.0.1:${mute.port}` })
    const late = createClient(open, { timeoutMs: 30 }).catch((reason: unknown) => reason)
    expect(await late).toMatchObject({ code: 'timeout' })
    const stopped = createClient(open, { signal: AbortSignal.abort('never mind') })
    expect(await stopped.catch((reason: unknown) => reason)).toBe('never mind')
    mute.stop(true)
  })
})

test('over a line that cannot stop reading, a reader that falls behind is taken up where it was', async () => {
  const channel = newChannel()
  const left = Promise.withResolvers<void>()
  const cannotPause: Open = async (hearing) => {
    const { send, close } = await unixLine(daemon.socket)(hearing)
    return {
      send,
      close: () => {
        left.resolve()
        close()
      },
    }
  }
  const seen: unknown[] = []
  const states: string[] = []
  const stop = new AbortController()
  await publish(daemon, channel, 0, 10_000)
  const options = {
    open: cannotPause,
    signal: stop.signal,
    onState: (state: string) => void states.push(state),
  }
  for await (const { data } of follow({ channel, since: 0 }, options)) {
    seen.push(numberIn(data))
    if (seen.length === 1) await left.promise
    if (seen.length === 10_000) stop.abort()
  }
  expect(seen).toEqual(numbers(0, 10_000))
  expect(states).toContain('lagged')
})

test('a line that is asked whether it is there goes on when the daemon says so', async () => {
  const beats = Promise.withResolvers<void>()
  let pings = 0
  const open: Open = async (hearing) => {
    const line = await webSocketLine(daemon.url, daemon.token)(hearing)
    return {
      ...line,
      send: (text) => {
        if (text === '{"type":"ping"}' && ++pings === 3) beats.resolve()
        line.send(text)
      },
    }
  }
  await using paid = await createClient(withHeartbeat(open, 500))
  const { pid } = await paid.call('system.status', {})
  await beats.promise
  expect((await paid.call('system.status', {})).pid).toBe(pid)
  expect((await paid.call('system.status', {})).peers.webSockets).toBe(1)
})

test('a line that fell silent is left, and a new one is opened', async () => {
  const asked: string[] = []
  let opened = 0
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request, self) => (self.upgrade(request) ? undefined : new Response('', { status: 404 })),
    websocket: {
      open: () => {
        if (++opened === 2) second.resolve()
      },
      message: (socket, text) => {
        asked.push(String(text))
        if (opened > 1) return
        if (text === '{"type":"ping"}' && asked.length < 4) socket.send('{"type":"pong"}')
        else if (text !== '{"type":"ping"}')
          socket.send(
            JSON.stringify({ id: JSON.parse(String(text)).id, result: { subscription: 's', head: 7 } }),
          )
      },
    },
  })
  const again = Promise.withResolvers<void>()
  const second = Promise.withResolvers<void>()
  const stop = new AbortController()
  const options = {
    open: withHeartbeat(webSocketLine(`http://127.0.0.1:${server.port}`, undefined), 20),
    signal: stop.signal,
    onState: (state: string) => state === 'lost' && again.resolve(),
  }
  const next = follow({}, options).next()
  await again.promise
  await second.promise
  stop.abort()
  expect((await next).done).toBe(true)
  await server.stop(true)
  expect(asked.slice(0, 4).filter((text) => text === '{"type":"ping"}')).toHaveLength(3)
})

test('the newest are replayed first, then everything that comes', async () => {
  const channel = newChannel()
  await publish(daemon, channel, 0, 20)
  await using paid = await connect({ socket: daemon.socket })
  const seen: unknown[] = []
  const options = { onState: () => void publish(daemon, channel, 20, 25) }
  for await (const { data } of paid.subscribe({ channel, replay: 5 }, options)) {
    seen.push(numberIn(data))
    if (seen.length === 10) break
  }
  expect(seen).toEqual(numbers(15, 25))
})

test('a client that was closed says so, and a daemon is reached in one way only', async () => {
  const paid = await connect({ socket: daemon.socket })
  paid.close()
  expect(await paid.call('system.status', {}).catch((reason: unknown) => reason)).toMatchObject({
    code: 'not_running',
    message: 'This client was closed',
  })
  expect(await connect({ socket: 'a', home: 'b' }).catch((reason: unknown) => reason)).toMatchObject({
    code: 'bad_request',
  })
})
