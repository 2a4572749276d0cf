// Guard 28, and the limits `unsentEvents` and `unsentBytes`: a listener that does not read loses its subscription, not
// its connection, is told where to go on, and goes on there without gap or double. Nobody waits for it, and what it
// did not read takes no room.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { limits } from '../../src/protocol/limits.ts'
import { type Connection, openConnection } from '../../src/client/connection.ts'
import { follow } from '../../src/client/follow.ts'
import { unixLine } from '../../src/client/lines/unix.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { ask, head, residentMiB } from '../support/http-text.ts'
import { openWebSocketWire } from '../support/websocket-wire.ts'
import { openWire } from '../support/wire.ts'

const KiB = 1024
const MiB = 1024 * KiB
/** more than the kernel keeps for a connection that is not read */
const floodEvents = 8000
const fillerBytes = 4 * KiB

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

/** Posts that many events, a few and then again when `heard` says that somebody has them; gives the last one's seq. */
const flood = async (channel: string, heard: (seq: number) => Promise<void>): Promise<number> => {
  let last = 0
  for (let posted = 0; posted < floodEvents; posted += 100) {
    const batch = Array.from({ length: 100 }, (_, n) => ({
      channel,
      type: 'flood',
      data: { n: posted + n, filler: 'x'.repeat(fillerBytes) },
    }))
    const { ids } = await connection.call('event.publish', { events: batch })
    last = Number(ids.at(-1)?.slice(4))
    await heard(last)
  }
  return last
}

/** The seqs that a good listener gets, from its subscription on. */
const goodListener = async (channel: string) => {
  const seqs: number[] = []
  const stop = new AbortController()
  const began = Promise.withResolvers<void>()
  let wanted = 0
  let reached = Promise.withResolvers<void>()
  const done = (async () => {
    const options = { open: unixLine(daemon.socket), signal: stop.signal, onState: () => began.resolve() }
    for await (const { seq } of follow({ channel }, options)) {
      seqs.push(seq ?? 0)
      if (seq === wanted) reached.resolve()
    }
  })()
  await began.promise
  return {
    seqs,
    until: (seq: number): Promise<void> => {
      wanted = seq
      reached = Promise.withResolvers<void>()
      return seqs.at(-1) === seq ? Promise.resolve() : reached.promise
    },
    end: async () => {
      stop.abort()
      await done
    },
  }
}

const lagged = async (): Promise<number> => (await connection.call('system.status', {})).peers.lagged

/** What every door must do while one of its listeners does not read. */
const stalls = async (channel: string): Promise<{ last: number; all: number[] }> => {
  const before = await lagged()
  const good = await goodListener(channel)
  const last = await flood(channel, good.until)
  await good.end()
  expect(good.seqs).toHaveLength(floodEvents)
  expect(await lagged()).toBe(before + 1)
  expect(residentMiB(daemon)).toBeLessThan(512)
  return { last, all: good.seqs }
}

describe('guard 28: a listener that does not read', () => {
  test('of a WebSocket is told, keeps its connection, and goes on without gap or double', async () => {
    await using slow = await openWebSocketWire(daemon, '/ws?channel=slow-ws')
    slow.wire.socket.pause()
    const { last, all } = await stalls('slow-ws')
    slow.wire.socket.resume()
    const isLagged = (text: string) => text.includes('"subscription.lagged"')
    await slow.until(() => slow.texts().slice(-1).some(isLagged))
    const seen = slow.texts().map((text) => JSON.parse(text))
    const end = seen.pop()
    const seqs = seen.map(({ data }) => Number(data.id.slice(4)))
    expect(seqs).toEqual(all.slice(0, seqs.length))
    expect(end).toEqual({ type: 'subscription.lagged', data: { since: `evt_${seqs.at(-1)}` } })

    slow.frames.length = 0
    slow.say(
      JSON.stringify({
        id: 1,
        method: 'event.subscribe',
        params: { channel: 'slow-ws', since: end.data.since },
      }),
    )
    await slow.until(() =>
      slow
        .texts()
        .slice(-1)
        .some((text) => text.includes(`"seq":${last},`)),
    )
    const rest = slow.texts().map((text) => JSON.parse(text))
    expect(rest.shift()).toMatchObject({ id: 1, result: { head: last } })
    expect([...seqs, ...rest.map(({ event }) => event.seq)]).toEqual(all)
  }, 60_000)

  test('of the socket is told, keeps its connection, and goes on without gap or double', async () => {
    await using slow = await openWire(daemon.socket)
    slow.send('{"id":1,"method":"event.subscribe","params":{"channel":"slow-socket"}}\n')
    await slow.until('"result"')
    slow.socket.pause()
    const { last, all } = await stalls('slow-socket')
    const lines: string[] = []
    let rest = ''
    let changed = Promise.withResolvers<void>()
    slow.take((chunk) => {
      const parts = (rest + chunk.toString('latin1')).split('\n')
      rest = parts.pop() ?? ''
      lines.push(...parts)
      changed.resolve()
    })
    const until = async (part: string) => {
      const isThere = () => lines.at(-1)?.includes(part) === true
      while (!isThere()) {
        changed = Promise.withResolvers<void>()
        await changed.promise
      }
    }
    slow.socket.resume()
    await until('"lagged"')
    const { lagged: end } = JSON.parse(lines.pop() ?? '')
    const seqs = lines.splice(0).map((line) => JSON.parse(line).event.seq)
    expect(seqs).toEqual(all.slice(0, seqs.length))
    expect(end.seq).toBe(seqs.at(-1))

    slow.send(`{"id":2,"method":"event.subscribe","params":{"channel":"slow-socket","since":${end.seq}}}\n`)
    await until(`"seq":${last},`)
    expect(JSON.parse(lines.shift() ?? '')).toMatchObject({ id: 2 })
    expect([...seqs, ...lines.map((line) => JSON.parse(line).event.seq)]).toEqual(all)
  }, 60_000)

  test('of a stream is told, and comes back with Last-Event-ID without gap or double', async () => {
    const read = async (since?: string) => {
      const wire = await openWire(daemon.url)
      const from = since === undefined ? [] : [`last-event-id: ${since}`]
      const path = `/events?channel=slow-stream${since === undefined ? '&limit=1' : ''}`
      wire.send(head(daemon, 'GET', path, 'accept: text/event-stream', ...from))
      await wire.until(': connected')
      return wire
    }
    const idsIn = (text: string) => Array.from(text.matchAll(/^id: (evt_\d+)$/gm), ([, id]) => id)
    await using slow = await read()
    slow.socket.pause()
    const { all, last } = await stalls('slow-stream')
    slow.socket.resume()
    await slow.until(() =>
      /event: lagged\ndata: \{"since":"evt_\d+"\}\n\n/.test(slow.bytes().subarray(-200).toString()),
    )
    const seen = idsIn(slow.text())
    const since = /event: lagged\ndata: \{"since":"(evt_\d+)"\}/.exec(slow.text())?.[1]
    expect(since).toBe(seen.at(-1))
    await using again = await read(since)
    const end = `id: evt_${last}\n`
    const tailBytes = fillerBytes + KiB
    await again.until(() => again.bytes().subarray(-tailBytes).toString().includes(end))
    expect([...seen, ...idsIn(again.text())]).toEqual(all.map((seq) => `evt_${seq}`))
  }, 60_000)
})

test('guard 28: one event larger than the bound passes alone, and what follows it too', async () => {
  await using slow = await openWire(daemon.socket)
  slow.send('{"id":1,"method":"event.subscribe","params":{"channel":"large"}}\n')
  await slow.until('"result"')
  slow.socket.pause()
  const before = await lagged()
  const text = 'x'.repeat(5 * limits.unsentBytes)
  await connection.call('event.publish', { channel: 'large', type: 'large', data: { text } })
  await connection.call('event.publish', { channel: 'large', type: 'small', data: {} })
  await ask(daemon, '/health')
  slow.socket.resume()
  await slow.until(() => slow.bytes().subarray(-300).toString().includes('"small"'))
  const lines = slow.text().trim().split('\n').slice(1)
  expect(lines.map((line) => JSON.parse(line).event.type)).toEqual(['large', 'small'])
  expect(await lagged()).toBe(before)
}, 30_000)

test('guard 28: calls whose answers nobody reads are not worked off without end', async () => {
  await connection.call('event.publish', { channel: 'page', type: 'page', data: { text: 'x'.repeat(MiB) } })
  await using deaf = await openWire(daemon.socket)
  deaf.socket.pause()
  const call = '{"id":1,"method":"event.list","params":{"channel":"page"}}\n'
  for (let n = 0; n < 5; n++) deaf.send(call.repeat(100))
  for (let n = 0; n < 10; n++) expect((await ask(daemon, '/health')).status).toBe(200)
  await connection.call('event.list', { limit: 1 })
  expect(residentMiB(daemon)).toBeLessThan(512)

  let answers = 0
  const done = Promise.withResolvers<void>()
  deaf.take((chunk) => {
    for (const byte of chunk) if (byte === 10) answers++
    if (answers === 500) done.resolve()
  })
  deaf.socket.resume()
  await done.promise
}, 60_000)

test('guard 28: connections that come and go a hundred times a second, also in the middle of a frame, leave nothing', async () => {
  for (let n = 0; n < 300; n++) {
    const wire = await openWire(n % 2 === 0 ? daemon.socket : daemon.httpSocket)
    wire.send('{"id":1,"method":"event.subscribe"}\n{"id":2,"meth')
    if (n % 3 === 0) await wire.until('"id":1')
    wire.end()
  }
  for (;;) {
    const { peers } = await connection.call('system.status', {})
    if (peers.sockets === 1 && peers.subscriptions === 0) break
    await Bun.sleep(10)
  }
}, 30_000)
