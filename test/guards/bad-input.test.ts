// Guards 19 and 20: requests and JSON that no honest client sends. Each gets a real status (or a real event), the
// daemon stays small, and whoever asks beside it is answered as ever.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { ask, chunk, head, post, residentMiB, statuses, workedMs } from '../support/http-text.ts'
import { openWire } from '../support/wire.ts'
import { limits } from '../../src/protocol/limits.ts'

const json = 'content-type: application/json'
const MiB = 1024 * 1024
/** what a daemon may take while it is abused */
const smallMiB = 250

let daemon: TestDaemon
beforeAll(async () => void (daemon = await startDaemon()))
afterAll(() => daemon.stop())

/** Sends it on a connection of its own; what came back when an answer was whole or the connection over. */
const exchange = async (bytes: string | Uint8Array, address = daemon.url): Promise<string> => {
  await using wire = await openWire(address)
  await wire.pour(bytes)
  return await wire.until(isAnswered)
}

const isAnswered = (text: string): boolean => {
  const [start = '', body] = text.split('\r\n\r\n', 2)
  const length = /content-length: (\d+)/i.exec(start)?.[1]
  return body !== undefined && Buffer.byteLength(body) >= Number(length ?? 0)
}

const refusedFor = async (reason: string): Promise<number> => {
  const status = JSON.parse((await daemon.run(['status', '--json'])).stdout)
  return status.refused[reason] ?? 0
}

describe('guard 19: a body over the limit', () => {
  const over = limits.bodyBytes + 1

  test.each([
    ['declared, and never sent', () => head(daemon, 'POST', '/events', json, `content-length: ${over}`)],
    ['declared and sent', () => post(daemon, '/events', ' '.repeat(over))],
    [
      'in one chunk',
      () =>
        Buffer.concat([
          Buffer.from(head(daemon, 'POST', '/events', json, 'transfer-encoding: chunked')),
          chunk(' '.repeat(over)),
        ]),
    ],
    [
      'in many chunks that never end',
      () =>
        Buffer.concat([
          Buffer.from(head(daemon, 'POST', '/events', json, 'transfer-encoding: chunked')),
          ...Array.from({ length: 40 }, () => chunk(' '.repeat(32 * 1024))),
        ]),
    ],
  ])('%s, is a 413 that says so, and is counted', async (_, request) => {
    const before = await refusedFor('size')
    const text = await exchange(request())
    expect(statuses(text)).toEqual([413])
    expect(text).toContain(`"error":"The body is larger than ${limits.bodyBytes} bytes","code":"too_large"`)
    expect(await refusedFor('size')).toBe(before + 1)
  })

  test('of a hook is a 413 too, whether it says its length or not', async () => {
    const length = limits.hookBodyBytes + 1
    for (const address of [daemon.url, daemon.httpSocket]) {
      expect(
        statuses(
          await exchange(head(daemon, 'POST', '/hooks/claude', json, `content-length: ${length}`), address),
        ),
      ).toEqual([413])
      const chunked = Buffer.concat([
        Buffer.from(head(daemon, 'POST', '/hooks/claude', json, 'transfer-encoding: chunked')),
        ...Array.from({ length: 17 }, () => chunk(Buffer.alloc(MiB, ' '))),
      ])
      expect(statuses(await exchange(chunked, address))).toEqual([413])
    }
    expect(daemon.output()).not.toContain('a call failed')
  }, 30_000)

  test('is no way to slip a request past: what it contains is not read as requests', async () => {
    const smuggled = head(daemon, 'GET', '/version')
    await using wire = await openWire(daemon.url)
    wire.send(post(daemon, '/events', smuggled.repeat(Math.ceil(over / smuggled.length))))
    wire.send(head(daemon, 'GET', '/health'))
    const text = await wire.until('"status":"ok"')
    expect(statuses(text)).toEqual([413, 200])
    expect(text).not.toContain('pai-daemon')
  })

  test('of a stranger is not kept: fifteen times 14 MiB without a token', async () => {
    const wires = await Promise.all(Array.from({ length: 15 }, () => openWire(daemon.url)))
    await Promise.all(
      wires.map(async (wire) => {
        wire.send(head({ ...daemon, token: 'wrong' }, 'POST', '/events', json, `content-length: ${15 * MiB}`))
        await wire.until(isAnswered)
        wire.send(Buffer.alloc(14 * MiB))
      }),
    )
    expect(
      wires.flatMap((wire) => statuses(wire.text())).every((status) => [401, 429].includes(status)),
    ).toBe(true)
    expect(residentMiB(daemon)).toBeLessThan(smallMiB)
    for (const wire of wires) wire.end()
  }, 30_000)
})

test('guard 19: a compressed body is refused before it is unpacked', async () => {
  for (const encoding of ['gzip', 'deflate', 'br', 'zstd', 'identity, gzip']) {
    const bomb = Bun.gzipSync(Buffer.alloc(64 * MiB))
    const text = await exchange(post(daemon, '/events', bomb, `content-encoding: ${encoding}`))
    expect(statuses(text)).toEqual([415])
  }
  expect(residentMiB(daemon)).toBeLessThan(smallMiB)
}, 30_000)

describe('guard 19: a head that is too much', () => {
  const many = Array.from({ length: 10_000 }, (_, n) => `x-${n}: 1`)

  test.each([
    ['10,000 headers', () => head(daemon, 'GET', '/events', ...many), 431],
    ['a header of 64 KiB', () => head(daemon, 'GET', '/events', `x: ${'x'.repeat(64 * 1024)}`), 431],
    ['a URL of 64 KiB', () => head(daemon, 'GET', `/events?type=${'x'.repeat(64 * 1024)}`), 431],
    ['a URL over our limit', () => head(daemon, 'GET', `/events?type=${'x'.repeat(limits.urlBytes)}`), 414],
  ])('%s is refused', async (_, request, status) => {
    expect(statuses(await exchange(request()))).toEqual([status])
  })

  test('that never ends is ended', async () => {
    await using wire = await openWire(daemon.url)
    wire.send(`GET /health HTTP/1.1\r\nx: ${'x'.repeat(2 * MiB)}`)
    expect(statuses(await wire.until('\r\n\r\n'))).toEqual([431])
    await wire.closed
  })
})

describe('guard 19: a head that can be read in two ways', () => {
  const host = () => `host: ${new URL(daemon.url).host}`
  const body = '0\r\n\r\n'

  test.each([
    ['two lengths', () => head(daemon, 'POST', '/events', json, 'content-length: 2', 'content-length: 5')],
    [
      'a length and chunks',
      () => head(daemon, 'POST', '/events', json, 'content-length: 5', 'transfer-encoding: chunked') + body,
    ],
    ['a coding we do not know', () => head(daemon, 'POST', '/events', json, 'transfer-encoding: x') + body],
    [
      'a coding under the chunks',
      () => head(daemon, 'POST', '/events', json, 'transfer-encoding: gzip, chunked') + body,
    ],
    ['a negative length', () => head(daemon, 'POST', '/events', json, 'content-length: -2')],
    ['a hexadecimal length', () => head(daemon, 'POST', '/events', json, 'content-length: 0x2')],
    [
      'a length beyond numbers',
      () => head(daemon, 'POST', '/events', json, `content-length: ${'9'.repeat(30)}`),
    ],
    [
      'a chunk beyond numbers',
      () => head(daemon, 'POST', '/events', json, 'transfer-encoding: chunked') + 'ffffffffffffffff\r\n',
    ],
    [
      'a chunk of no size',
      () => head(daemon, 'POST', '/events', json, 'transfer-encoding: chunked') + 'zz\r\n',
    ],
    ['a blank before the colon', () => head(daemon, 'GET', '/events', 'x : 1')],
    ['a folded header', () => head(daemon, 'GET', '/events', 'x: 1\r\n y')],
    ['NUL in a header', () => head(daemon, 'GET', '/events', 'x: a\0b')],
    ['no Host', () => 'GET /events HTTP/1.1\r\n\r\n'],
    ['no HTTP at all', () => 'hello\r\n\r\n'],
    ['TLS', () => Buffer.from('16030100c8010000c403', 'hex')],
  ])('%s is a 400 and the end of the connection', async (_, request) => {
    await using wire = await openWire(daemon.url)
    wire.send(request())
    await wire.closed
    expect(statuses(wire.text())).toEqual([400])
  })

  test.each([
    ['HTTP/0.9', () => 'GET /health\r\n\r\n'],
    ['HTTP/2 without being asked', () => `GET /health HTTP/2.0\r\n${host()}\r\n\r\n`],
    ['bare newlines', () => `GET /health HTTP/1.1\n${host()}\n\n`],
  ])('%s is a 505', async (_, request) => {
    expect(statuses(await exchange(request()))).toEqual([505])
  })
})

test.each([
  '/%',
  '/%zz',
  '/%00',
  '/events%00',
  '/call/%',
  '/call/%ff',
  '/call/%2e%2e%2ftoken',
  '/call/__proto__',
])('guard 19: the path %p leads nowhere', async (path) => {
  expect(statuses(await exchange(post(daemon, path, '{}')))).toEqual([404])
})

test('guard 19: halves of pipelined requests wait for their other half, and keep their order', async () => {
  await using wire = await openWire(daemon.url)
  const whole = post(daemon, '/events', '{"type":"half"}')
  const second = head(daemon, 'GET', '/version')
  wire.send(Buffer.concat([whole, Buffer.from(second.slice(0, 20))]))
  await wire.until('eventId')
  wire.send(second.slice(20) + head(daemon, 'GET', '/ready'))
  const text = await wire.until('"ready":true')
  expect(statuses(text)).toEqual([200, 200, 200])
  expect(text.indexOf('pai-daemon')).toBeLessThan(text.indexOf('"ready"'))
})

test('guard 19: a client that leaves in the middle of its body is no error of ours', async () => {
  for (const address of [daemon.url, daemon.httpSocket]) {
    await using wire = await openWire(address)
    await wire.pour(head(daemon, 'POST', '/events', json, 'content-length: 100') + '{"type":"gone"')
    wire.end()
  }
  expect((await ask(daemon, '/health')).status).toBe(200)
  expect(daemon.output()).not.toContain('a call failed')
})

describe('guard 20: JSON', () => {
  const list = async (type: string) => (await ask(daemon, `/events?type=${type}`)).text()
  const publish = async (text: string | Uint8Array<ArrayBuffer>) => {
    const answer = await ask(daemon, '/events', { method: 'POST', body: text })
    return { status: answer.status, body: await answer.json() }
  }

  test.each([
    ['arrays', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects', '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)],
  ])('100,000 %s deep is refused at once, on every door', async (_, deep) => {
    const text = `{"type":"deep","metadata":{"deep":${deep}}}`
    const tooDeep = { ok: false, error: expect.stringContaining('nested too deep'), code: 'bad_request' }
    const before = workedMs(daemon)
    expect(await publish(text)).toMatchObject({ status: 400, body: tooDeep })
    expect(await publish(`[${text}]`)).toMatchObject({ status: 400, body: tooDeep })
    const hook = `{"hook_event_name":"Stop","session_id":"deep","deep":${deep}}`
    expect((await ask(daemon, '/hooks/claude', { method: 'POST', body: hook })).status).toBe(400)
    const call = `{"type":"deep","data":${deep}}`
    expect((await ask(daemon, '/call/event.publish', { method: 'POST', body: call })).status).toBe(400)
    await using wire = await openWire(daemon.socket)
    wire.send(`{"id":1,"method":"event.publish","params":${call}}\n{"id":2,"method":"system.methods"}\n`)
    expect(await wire.until('"id":2')).toContain('nested too deep')
    expect(await list('deep')).toContain(`"events":[],"total":0`)
    // serialising such a value blocks for more than half a second each time: it must not come to that
    expect(workedMs(daemon) - before).toBeLessThan(2000)
  })

  test.each([
    ['numbers beyond a double', '{"n":1e999,"m":-1e999,"tiny":1e-999}', '{"n":null,"m":null,"tiny":0}'],
    ['integers beyond 2^53', '{"n":9007199254740993}', '{"n":9007199254740992}'],
    ['a key twice', '{"a":1,"b":2,"a":3}', '{"a":3,"b":2}'],
    ['prototypes', '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}', undefined],
    ['half of a character', '{"s":"\\ud800"}', undefined],
    ['NUL in a text', '{"s":"a\\u0000b","k\\u0000":1}', undefined],
    ['keys that are numbers', '{"b":1,"1":2,"0":3}', '{"0":3,"1":2,"b":1}'],
  ])('%s come back as JavaScript reads and writes them', async (name, sent, back = sent) => {
    const type = `json ${name}`
    expect(await publish(`{"type":"${type}","metadata":${sent}}`)).toMatchObject({ status: 200 })
    expect(await list(type)).toContain(`"metadata":${back}}`)
    expect(await list(`x&polluted=1`)).not.toContain('polluted')
  })

  test('bytes that are no UTF-8 become the replacement character', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"type":"bytes","metadata":{"s":"a'),
      Buffer.from([0xff, 0xc3, 0x28]),
      Buffer.from('b"}}'),
    ])
    expect((await publish(new Uint8Array(bytes))).status).toBe(200)
    expect(await list('bytes')).toContain('"s":"a\ufffd\ufffd(b"')
  })

  test.each([
    '{"type":"x"',
    '{"type":"x"}}',
    "{'type':'x'}",
    '{"type":x}',
    '{"type":"a\nb"}',
    'NaN',
    '\0',
    '\ufeff',
  ])('%j is no JSON: 400, nothing stored', async (text) => {
    const before = JSON.parse(await (await ask(daemon, '/stats')).text()).totalEvents
    expect(await publish(text)).toEqual({ status: 400, body: { ok: false, error: 'Invalid JSON' } })
    expect(JSON.parse(await (await ask(daemon, '/stats')).text()).totalEvents).toBe(before)
  })
})
