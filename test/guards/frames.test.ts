// Guard 22: WebSockets and sockets that break the rules, stay silent or never stop. Each loses its own connection at
// most; the daemon stays small and answers everybody else.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { limits } from '../../src/protocol/limits.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { ask, residentMiB, workedMs } from '../support/http-text.ts'
import { frameOf, opcodes, openWebSocketWire } from '../support/websocket-wire.ts'
import { openMany, openWire } from '../support/wire.ts'

const MiB = 1024 * 1024
/** room for a few of the largest messages in flight, and for what the collector has not come to yet */
const smallMiB = 1024

let daemon: TestDaemon
beforeAll(async () => void (daemon = await startDaemon()))
afterAll(() => daemon.stop())

const isWell = async () => {
  expect((await ask(daemon, '/events', { method: 'POST', body: '{"type":"well"}' })).status).toBe(200)
  expect(residentMiB(daemon)).toBeLessThan(smallMiB)
}
const status = async () => JSON.parse((await daemon.run(['status', '--json'])).stdout)
const { text, continuation, close, ping, binary } = opcodes
const closeWith = (code: number, reason: string | Uint8Array = '') =>
  frameOf(close, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]))

describe('guard 22: a WebSocket frame', () => {
  const ends = async (bytes: Uint8Array, code?: number) => {
    await using socket = await openWebSocketWire(daemon)
    socket.send(bytes)
    await socket.until(() => socket.closeCode() !== undefined)
    if (code !== undefined) expect(socket.closeCode()).toBe(code)
    socket.end()
    await isWell()
  }

  test.each([
    ['that is not masked', frameOf(text, '{"type":"ping"}', { masked: false })],
    ['of no known kind', frameOf(3, 'x')],
    ['with reserved bits', frameOf(text, 'x', { reserved: 0x40 })],
    ['that goes on where nothing began', frameOf(continuation, 'x')],
    ['that begins inside another', Buffer.concat([frameOf(text, 'a', { fin: false }), frameOf(text, 'b')])],
    ['that is a ping in pieces', frameOf(ping, 'x', { fin: false })],
    ['that is a ping of 126 bytes', frameOf(ping, 'x'.repeat(126))],
  ])('%s ends its connection', (_, bytes) => ends(bytes))

  test('of text that is no UTF-8 ends its connection', () => ends(frameOf(text, Buffer.from([0xff, 0xfe]))))

  test('over the limit ends its connection with 1009, declared or sent', async () => {
    const length = limits.webSocketMessageBytes + 1
    const whole = frameOf(text, Buffer.alloc(length, ' '))
    for (const bytes of [whole.subarray(0, 14), whole, frameOf(binary, Buffer.alloc(20 * MiB))]) {
      await using socket = await openWebSocketWire(daemon)
      socket.send(bytes)
      await socket.until(() => socket.closeCode() !== undefined)
      expect([1009, undefined]).toContain(socket.closeCode())
    }
    await isWell()
  }, 30_000)

  test('in pieces without end is cut off at the limit', async () => {
    await using socket = await openWebSocketWire(daemon)
    const piece = Buffer.alloc(MiB, ' ')
    socket.send(frameOf(text, piece, { fin: false }))
    for (let sent = MiB; !socket.wire.isClosed() && sent < 64 * MiB; sent += MiB)
      await socket.wire.pour(frameOf(continuation, piece, { fin: false }))
    await socket.wire.closed
    await isWell()
  }, 30_000)

  test.each([0, 999, 1004, 1005, 1006, 1015, 2999, 65_535])(
    'of closing with %i ends it, and nobody else',
    (code) => ends(closeWith(code)),
  )

  test.each([
    ['one byte', frameOf(close, 'x')],
    ['a reason that is no UTF-8', closeWith(1000, Buffer.from([0xff]))],
    ['a reason of 200 bytes', closeWith(1000, 'x'.repeat(200))],
  ])('of closing with %s ends it, and nobody else', (_, bytes) => ends(bytes))

  test('that is no JSON gets an error, and the connection stays', async () => {
    await using socket = await openWebSocketWire(daemon)
    const bad = ['not json', '', 'null', '{"a":', '\ufeff', '['.repeat(100_000) + ']'.repeat(100_000)]
    for (const words of bad) socket.say(words)
    socket.send(frameOf(binary, Buffer.from([0xff, 0, 1])))
    socket.say('{"type":"ping"}')
    await socket.until(() => socket.texts().includes('{"type":"pong"}'))
    expect(
      socket
        .texts()
        .slice(0, -1)
        .map((frame) => JSON.parse(frame).type),
    ).toEqual(Array(bad.length + 1).fill('error'))
  })
})

test('guard 22: a flood of pings is answered or paused, and holds nobody up', async () => {
  await using reading = await openWebSocketWire(daemon)
  reading.send(Buffer.concat(Array.from({ length: 20_000 }, () => frameOf(ping, 'x'.repeat(100)))))
  await reading.until((frames) => frames.filter(({ opcode }) => opcode === opcodes.pong).length === 20_000)

  await using deaf = await openWebSocketWire(daemon)
  deaf.wire.socket.pause()
  const flood = Buffer.concat(Array.from({ length: 10_000 }, () => frameOf(ping, 'x'.repeat(125))))
  for (let n = 0; n < 40; n++) deaf.send(flood)
  for (let n = 0; n < 20; n++) await isWell()
}, 30_000)

describe('guard 22: a line of the socket', () => {
  test('without end is refused once, skipped, and the next one is answered', async () => {
    await using wire = await openWire(daemon.socket)
    const piece = Buffer.alloc(MiB, 'x')
    wire.send('{"id":1,"method":"')
    for (let sent = 0; sent < 40; sent++) await wire.pour(piece)
    expect(residentMiB(daemon)).toBeLessThan(smallMiB)
    wire.send('"}\n{"id":2,"method":"event.list"}\n')
    const said = (await wire.until('"id":2')).trim().split('\n')
    expect(said).toHaveLength(2)
    expect(said[0]).toContain('too_large')
    await isWell()
  }, 30_000)

  test('that is a whole one of the longest size is taken, whatever pieces it comes in', async () => {
    await using wire = await openWire(daemon.socket)
    const start = '{"id":1,"method":"event.publish","params":{"type":"long","data":{"text":"'
    const end = '"}}}'
    const line = start + 'é'.repeat((limits.lineBytes - start.length - end.length - 1) / 2) + end
    const bytes = Buffer.from(`${line}\n`)
    const before = workedMs(daemon)
    for (let at = 0; at < bytes.length; at += 7919) wire.send(bytes.subarray(at, at + 7919))
    expect(await wire.until('\n')).toContain('"ids":["evt_')
    // joined at each piece it would take minutes
    expect(workedMs(daemon) - before).toBeLessThan(15_000)
  }, 30_000)

  test.each([
    '\0\0\0\n',
    '}}}}\n',
    '"text"\n',
    '12\n',
    '[]\n',
    '{}\n',
    'GET / HTTP/1.1\r\n\r\n',
    '{"id":{},"method":"event.list"}\n',
    '{"id":1,"method":7}\n',
  ])('%j is refused, and the connection stays', async (words) => {
    await using wire = await openWire(daemon.socket)
    wire.send(words)
    await wire.until('"error"')
    wire.send('{"id":"after","method":"event.list","params":{"limit":1}}\n')
    expect(await wire.until('"id":"after"')).toContain('"result"')
  })
})

test('guard 22: 500 connections that say nothing, on each door, keep nobody waiting', async () => {
  const opens = [
    () => openWire(daemon.socket),
    () => openWire(daemon.url),
    () => openWire(daemon.httpSocket),
    () => openWebSocketWire(daemon).then(({ wire }) => wire),
  ]
  const quiet = (await Promise.all(opens.map((open) => openMany(500, open)))).flat()
  expect(quiet.filter((wire) => wire.isClosed())).toEqual([])
  const { peers } = await status()
  expect(Math.min(peers.sockets, peers.webSockets)).toBeGreaterThanOrEqual(500)
  for (let n = 0; n < 20; n++) await isWell()
  for (const wire of quiet) wire.end()
}, 60_000)

test('guard 22: 100,000 subscriptions by one peer: it gets its thousand and an error for each other', async () => {
  await using wire = await openWire(daemon.socket)
  let refused = 0
  let taken = 0
  let done = Promise.withResolvers<void>()
  let rest = ''
  wire.take((chunk) => {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.includes('too_many_subscriptions')) refused++
      else if (line.includes('"subscription":"sub_')) taken++
    }
    if (taken + refused === 100_000) done.resolve()
  })
  for (let id = 0; id < 100_000; id += 1000)
    await wire.pour(
      Array.from(
        { length: 1000 },
        (_, n) => `{"id":${id + n},"method":"event.subscribe","params":{"channel":"c${id + n}"}}\n`,
      ).join(''),
    )
  await done.promise
  expect({ taken, refused }).toEqual({
    taken: limits.subscriptionsPerPeer,
    refused: 100_000 - limits.subscriptionsPerPeer,
  })
  await isWell()
  wire.end()
  while ((await status()).peers.subscriptions > 0) await Bun.sleep(20)
}, 60_000)
