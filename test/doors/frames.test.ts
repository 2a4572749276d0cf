// What arrives broken, cut or too large: it costs its sender an answer and nobody anything else.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { limits } from '../../src/protocol/limits.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { createHttp, readPage } from '../support/http.ts'
import { openSocket, type TestSocket } from '../support/socket.ts'
import { openWebSocket } from '../support/websocket.ts'
import { openWire } from '../support/wire.ts'

const generousMs = 60_000

let daemon: TestDaemon

beforeAll(async () => {
  daemon = await startDaemon()
})
afterAll(() => daemon.stop())

const refusal = z.strictObject({ type: z.literal('error'), error: z.string(), id: z.unknown().optional() })
const errorOf = (frame: string) => refusal.parse(JSON.parse(frame)).error

const ping = '{"id":"ping","method":"event.list","params":{"channel":"nothing","since":0}}'
const pong = '{"id":"ping","result":{"events":[],"next":"evt_0"}}'

const publishing = (data: unknown, id: string | number = 1, channel = 'cut') =>
  JSON.stringify({ id, method: 'event.publish', params: { channel, type: 'doc', data } })

describe('a WebSocket', () => {
  const open = (path: string) =>
    openWebSocket(`${daemon.url}${path}`, { authorization: `Bearer ${daemon.token}` })

  test('answers what is no JSON and what is no call, and goes on', async () => {
    await using socket = await open('/')
    await using other = await open('/')
    const [noJson, noType] = ['Invalid message format', 'Unknown message type']
    for (const [frame, error] of [
      ['not json', noJson],
      ['', noJson],
      ['null', noJson],
      ['{"id":1,"method":', noJson],
      [Uint8Array.of(0xff, 0x00, 0xc3), noJson],
      ['5', noType],
      ['[]', noType],
      ['{}', noType],
      ['{"id":1}', noType],
      ['{"method":"event.list"}', noType],
      ['{"id":{},"method":"event.list"}', noType],
      ['{"id":null,"method":"event.list"}', noType],
      ['{"id":1,"method":5}', noType],
    ] as const) {
      socket.send(frame)
      expect({ frame, error: errorOf(await socket.frames.next()) }).toEqual({ frame, error })
    }
    for (const each of [socket, other]) {
      each.send(ping)
      expect(await each.frames.next()).toBe(pong)
    }
  })

  test('takes a call as a binary message too', async () => {
    await using socket = await open('/')
    socket.send(Buffer.from(ping))
    expect(await socket.frames.next()).toBe(pong)
  })

  for (const path of ['/', '/ws'])
    test(
      `on ${path} takes a message of 16 MiB, and closes at one more with 1009`,
      async () => {
        await using other = await open(path)
        await using socket = await open(path)
        const padded = (bytes: number) => {
          const empty = '{"type":"ping","pad":""}'
          return empty.replace('""', `"${'x'.repeat(bytes - empty.length)}"`)
        }
        socket.send(padded(limits.webSocketMessageBytes))
        expect(await socket.frames.next()).toBe('{"type":"pong"}')
        socket.send(padded(limits.webSocketMessageBytes + 1))
        expect((await socket.closed).code).toBe(1009)
        expect(await other.untilPong()).toEqual([])
      },
      generousMs,
    )

  test('survives JSON nested 100,000 deep', async () => {
    await using socket = await open('/')
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const data = `{"id":1,"method":"event.publish","params":{"type":"deep","data":${deep}}}`
    for (const frame of [deep, data]) {
      socket.send(frame)
      expect(errorOf(await socket.frames.next())).toContain('nested too deep')
    }
    socket.send(ping)
    expect(await socket.frames.next()).toBe(pong)
  })
})

describe('the socket', () => {
  const answersOn = async ({ write, lines }: TestSocket) => {
    await write(`${ping}\n`)
    expect(await lines.next()).toBe(pong)
  }

  test('answers what is no JSON and what is no call, and goes on', async () => {
    await using socket = await openSocket(daemon.socket)
    const [noJson, noCall] = ['Invalid JSON', 'Invalid request format']
    for (const [line, error, id] of [
      ['not json', noJson, 'unknown'],
      ['{"id":1,"method"', noJson, 'unknown'],
      [']', noJson, 'unknown'],
      ['null', noCall, 'unknown'],
      ['5', noCall, 'unknown'],
      ['"text"', noCall, 'unknown'],
      ['[]', noCall, 'unknown'],
      ['{}', noCall, 'unknown'],
      ['{"id":1}', noCall, 'unknown'],
      ['{"id":"a"}', noCall, 'a'],
      ['{"id":[],"method":"event.list"}', noCall, 'unknown'],
    ] as const) {
      await socket.write(`${line}\n`)
      expect(JSON.parse(await socket.lines.next())).toEqual({ type: 'error', id, error })
    }
    await socket.write(Uint8Array.of(0xff, 0xfe, 0x00, 0x0a))
    expect(JSON.parse(await socket.lines.next())).toEqual({ type: 'error', id: 'unknown', error: noJson })
    await answersOn(socket)
  })

  test('passes over blank lines and takes line ends of both kinds', async () => {
    await using socket = await openSocket(daemon.socket)
    await socket.write(`\n\r\n   \n${ping}\r\n\n${ping}\n`)
    expect(await socket.lines.take(2)).toEqual([pong, pong])
  })

  test('takes documents without a newline, and several on one line', async () => {
    await using socket = await openSocket(daemon.socket)
    await socket.write(ping)
    expect(await socket.lines.next()).toBe(pong)
    for (const together of [
      `${ping}${ping}${ping}`,
      `${ping} ${ping}\t${ping}\n`,
      `${ping}\n${ping}${ping}\n`,
      `${ping}${ping}\n${ping}`,
    ]) {
      await socket.write(together)
      expect(await socket.lines.take(3)).toEqual([pong, pong, pong])
    }
  })

  test(
    'takes a document cut anywhere, also inside a character, a text or an escape',
    async () => {
      await using socket = await openSocket(daemon.socket)
      await using other = await openSocket(daemon.socket)
      const data = { text: 'ÿ€😀\u0000 } ] { " \\ \\" \n', nested: [{ '}': '{' }, ']'] }
      for (const end of ['\n', '']) {
        const bytes = Buffer.from(publishing(data) + end)
        for (let cut = 1; cut < bytes.length; cut++) {
          await socket.write(bytes.subarray(0, cut))
          // a round trip elsewhere: the daemon has seen the first part by itself
          await answersOn(other)
          await socket.write(bytes.subarray(cut))
          expect(JSON.parse(await socket.lines.next())).toMatchObject({ id: 1, result: {} })
        }
      }
      const http = createHttp('http://paid', { unix: daemon.httpSocket })
      const { events } = await readPage(http, '?channel=cut&limit=1000')
      expect(events.length).toBeGreaterThan(200)
      for (const { metadata } of events) expect(metadata).toEqual(data)
    },
    generousMs,
  )

  test('takes a document one byte at a time', async () => {
    await using socket = await openSocket(daemon.socket)
    for (const byte of Buffer.from(publishing('€', 'slow'))) await socket.write(Uint8Array.of(byte))
    expect(JSON.parse(await socket.lines.next())).toMatchObject({ id: 'slow', result: {} })
  })

  test(
    'takes a document of 16 MiB, and answers one byte more with too_large without losing the connection',
    async () => {
      await using socket = await openSocket(daemon.socket)
      const sized = (bytes: number) =>
        publishing('x'.repeat(bytes - publishing('', 'big', 'big').length), 'big', 'big')
      for (const end of ['\n', '']) {
        await socket.write(sized(limits.lineBytes) + end)
        expect(JSON.parse(await socket.lines.next())).toMatchObject({ id: 'big', result: {} })
        await socket.write(`${sized(limits.lineBytes + 1)}\n`)
        expect(JSON.parse(await socket.lines.next())).toMatchObject({
          type: 'error',
          id: 'unknown',
          code: 'too_large',
          error: `A line is longer than ${limits.lineBytes} bytes`,
        })
        await answersOn(socket)
      }
    },
    generousMs,
  )

  test('keeps nothing of a document whose sender went away in its middle', async () => {
    const half = await openSocket(daemon.socket)
    await half.write(publishing('half', 1, 'half').slice(0, -3))
    await half[Symbol.asyncDispose]()
    await using socket = await openSocket(daemon.socket)
    await answersOn(socket)
    expect(
      (await readPage(createHttp('http://paid', { unix: daemon.httpSocket }), '?channel=half')).total,
    ).toBe(0)
  })

  test('answers all that was asked before its caller hung up its own side', async () => {
    await using wire = await openWire(daemon.socket)
    wire.send(`${publishing('last words', 7)}\n{"type":"ping","id":"p"}\n`)
    wire.socket.end()
    await wire.closed
    const [stored, pong, ...more] = wire.text().trimEnd().split('\n')
    expect(JSON.parse(stored ?? '')).toMatchObject({ id: 7, result: {} })
    expect({ pong, more }).toEqual({ pong: '{"type":"pong","id":"p"}', more: [] })
  })
})
