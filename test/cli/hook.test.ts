// `paid hook` as Claude Code runs it: a process, a JSON on stdin, and something (or nothing) at http.sock.

import { afterEach, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spoolAt } from '../../src/lib/spool.ts'
import { limits } from '../../src/protocol/limits.ts'

const fromSource = `
  const { runHook } = await import(${JSON.stringify(join(import.meta.dir, '../../src/cli/commands/hook.ts'))})
  process.exit(await runHook())`
const binary = process.env['PAID_BIN']
const command = binary ? [binary, 'hook'] : [process.execPath, '-e', fromSource]

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

const temporaryHome = (): string => {
  const home = mkdtempSync(join(tmpdir(), 'paid-hook-'))
  undo.push(() => rmSync(home, { recursive: true, force: true }))
  return home
}

type Outcome = { code: number; stdout: string; stderr: string }
const silent: Outcome = { code: 0, stdout: '', stderr: '' }

const run = async (stdin: string | Uint8Array, env: Record<string, string>): Promise<Outcome> => {
  const child = Bun.spawn(command, {
    stdin: new Blob([stdin]),
    stdout: 'pipe',
    stderr: 'pipe',
    env: { PATH: process.env['PATH'], ...env },
  })
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code, stdout, stderr }
}

const event = (more: Record<string, unknown> = {}): string =>
  JSON.stringify({ session_id: 's-1', hook_event_name: 'PostToolUse', tool_response: 'ü\u0000', ...more })

const spooled = (home: string) => {
  const spool = spoolAt(join(home, 'spool'), limits.spoolBytes)
  return spool.list().map((file) => {
    const entry = spool.read(file.name)
    if (typeof entry === 'string') throw new Error(`${file.name} is ${entry}`)
    return { ...entry, body: Buffer.from(entry.body).toString() }
  })
}

type Heard = { path: string; headers: Headers; body: string }

/** A daemon's stand-in on http.sock that answers what it is told to. */
const daemonThat = (answer: (heard: Heard) => Response | Promise<Response>) => {
  const home = temporaryHome()
  const heard: Heard[] = []
  const server = Bun.serve({
    unix: join(home, 'http.sock'),
    maxRequestBodySize: 32 * 1024 * 1024,
    fetch: async (request) => {
      const one = {
        path: new URL(request.url).pathname,
        headers: request.headers,
        body: await request.text(),
      }
      heard.push(one)
      return answer(one)
    },
  })
  undo.push(() => server.stop(true))
  return { home, heard, env: { PAID_HOME: home } }
}

/** Whatever listens on http.sock and writes these bytes, then perhaps hangs up. */
const peerThat = (says: string, hangsUp: boolean) => {
  const home = temporaryHome()
  const received: string[] = []
  const listener = Bun.listen({
    unix: join(home, 'http.sock'),
    socket: {
      data: (socket, bytes) => {
        received.push(bytes.toString())
        socket.write(says)
        if (hangsUp) socket.end()
      },
    },
  })
  undo.push(() => listener.stop(true))
  return { home, received, env: { PAID_HOME: home } }
}

describe('with a daemon', () => {
  test('the bytes of stdin arrive with a key and a time, and the reply is printed as it is', async () => {
    const daemon = daemonThat(() => new Response('{"systemMessage":"ü"}'))
    const before = Date.now()
    expect(await run(event(), daemon.env)).toEqual({ code: 0, stdout: '{"systemMessage":"ü"}', stderr: '' })
    const [one] = daemon.heard
    expect(one?.path).toBe('/hooks/claude')
    expect(one?.body).toBe(event())
    expect(one?.headers.get('content-type')).toBe('application/json')
    expect(one?.headers.get('idempotency-key')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/)
    const occurredAt = Number(one?.headers.get('x-paid-occurred-at'))
    expect(occurredAt).toBeGreaterThanOrEqual(before)
    expect(occurredAt).toBeLessThanOrEqual(Date.now())
    expect(spooled(daemon.home)).toEqual([])
  })

  test('a reply whose body comes in pieces and late is waited for', async () => {
    const daemon = daemonThat(
      () =>
        new Response(
          new ReadableStream({
            async start(controller) {
              controller.enqueue('{"decision":')
              await Bun.sleep(limits.hookHeadersMs * 2)
              controller.enqueue('"block"}')
              controller.close()
            },
          }),
        ),
    )
    expect(await run(event(), daemon.env)).toEqual({ code: 0, stdout: '{"decision":"block"}', stderr: '' })
    expect(spooled(daemon.home)).toEqual([])
  })

  test('the largest body passes whole, and one byte more is dropped without a word', async () => {
    const daemon = daemonThat(({ body }) => new Response(String(body.length)))
    const padding = limits.hookBodyBytes - event({ pad: '' }).length - 1 // ü has two bytes
    const largest = event({ pad: 'x'.repeat(padding) })
    expect(await run(largest, daemon.env)).toEqual({ ...silent, stdout: String(limits.hookBodyBytes - 1) })
    expect(await run(`${largest} `, daemon.env)).toEqual(silent)
    expect(daemon.heard).toHaveLength(1)
    expect(spooled(daemon.home)).toEqual([])
  })

  test.each([408, 429, 500, 502, 503])('a reply of %i puts the event into the spool', async (status) => {
    const daemon = daemonThat(() => new Response('{"ok":false}', { status }))
    expect(await run(event(), daemon.env)).toEqual(silent)
    expect(spooled(daemon.home)).toEqual([
      {
        key: daemon.heard[0]?.headers.get('idempotency-key') ?? '',
        occurredAt: Number(daemon.heard[0]?.headers.get('x-paid-occurred-at')),
        path: '/hooks/claude',
        body: event(),
      },
    ])
  })

  test.each([302, 400, 403, 404, 413, 415, 422])(
    'a reply of %i would come again: dropped',
    async (status) => {
      const daemon = daemonThat(() => new Response('{"ok":false}', { status }))
      expect(await run(event(), daemon.env)).toEqual(silent)
      expect(spooled(daemon.home)).toEqual([])
    },
  )

  test('no proxy and no debug setting of the shell gets between', async () => {
    const daemon = daemonThat(() => new Response('{}'))
    const env = {
      HTTP_PROXY: 'http://127.0.0.1:9',
      http_proxy: 'http://127.0.0.1:9',
      ALL_PROXY: 'http://127.0.0.1:9',
      BUN_CONFIG_VERBOSE_FETCH: 'curl',
    }
    expect(await run(event(), { ...daemon.env, ...env })).toEqual({ ...silent, stdout: '{}' })
  })
})

describe('without an answer', () => {
  test('nobody there: silent, and the event waits in the spool', async () => {
    const home = temporaryHome()
    const before = Date.now()
    expect(await run(event(), { PAID_HOME: home })).toEqual(silent)
    const [waiting] = spooled(home)
    expect(waiting).toMatchObject({ path: '/hooks/claude', body: event() })
    expect(waiting?.occurredAt).toBeGreaterThanOrEqual(before)
  })

  test('a home that does not exist is made', async () => {
    const home = join(temporaryHome(), 'new')
    expect(await run(event(), { PAID_HOME: home })).toEqual(silent)
    expect(spooled(home)).toHaveLength(1)
  })

  test('a socket that somebody left behind', async () => {
    const home = temporaryHome()
    writeFileSync(join(home, 'http.sock'), '')
    expect(await run(event(), { PAID_HOME: home })).toEqual(silent)
    expect(spooled(home)).toHaveLength(1)
  })

  test('a daemon that hangs has heard the key that is in the spool', async () => {
    const peer = peerThat('', false)
    expect(await run(event(), peer.env)).toEqual(silent)
    const [waiting] = spooled(peer.home)
    expect(waiting?.body).toBe(event())
    expect(peer.received.join('')).toContain(`idempotency-key: ${waiting?.key}\r\n`)
  })

  test.each([
    ['hangs up at once', ''],
    ['speaks no HTTP', 'hello\r\n\r\n'],
    ['is cut off in the headers', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['is cut off in the body', 'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"decision":'],
    ['is cut off in a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{"dec'],
    ['has a chunk without a size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n{}\r\n'],
  ])('a peer that %s: nothing of it is printed, the event waits', async (_what, says) => {
    const peer = peerThat(says, true)
    expect(await run(event(), peer.env)).toEqual(silent)
    expect(spooled(peer.home)).toHaveLength(1)
  })

  test('an interim reply and a reply without a length are understood', async () => {
    const peer = peerThat('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}', true)
    expect(await run(event(), peer.env)).toEqual({ ...silent, stdout: '{}' })
    expect(spooled(peer.home)).toEqual([])
  })

  test('many at once: each is there once', async () => {
    const home = temporaryHome()
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => run(event({ index }), { PAID_HOME: home })),
    )
    for (const outcome of outcomes) expect(outcome).toEqual(silent)
    const waiting = spooled(home)
    expect(new Set(waiting.map((entry) => entry.key)).size).toBe(20)
    expect(new Set(waiting.map((entry) => entry.body)).size).toBe(20)
  })

  test('a full spool gives up its oldest', async () => {
    const home = temporaryHome()
    const folder = join(home, 'spool')
    mkdirSync(folder, { mode: 0o700 })
    for (let at = 1; at <= 4; at += 1) {
      const file = join(folder, `${at}-old.json`)
      writeFileSync(file, '')
      truncateSync(file, limits.spoolBytes / 4)
    }
    expect(await run(event(), { PAID_HOME: home })).toEqual(silent)
    const spool = spoolAt(folder, limits.spoolBytes)
    expect(spool.list().map((file) => file.name.split('.')[0])).toEqual([
      '2-old',
      '3-old',
      '4-old',
      expect.stringMatching(/^\d{13}-/),
    ])
    expect(spool.dropped()).toBe(1)
  })
})

describe('with nothing worth sending, or nowhere to put it', () => {
  test.each([
    ['nothing', ''],
    ['blanks', ' \n\t'],
    ['text', 'hello'],
    ['half an object', '{"session_id":"s'],
    ['an array', '[{}]'],
    ['bytes', '\u0000\u0001'],
  ])('%s on stdin: silent, nothing sent, nothing spooled', async (_what, stdin) => {
    const home = temporaryHome()
    expect(await run(stdin, { PAID_HOME: home })).toEqual(silent)
    expect(spooled(home)).toEqual([])
  })

  test('a home that cannot be one', async () => {
    const base = temporaryHome()
    writeFileSync(join(base, 'file'), '')
    for (const home of [join(base, 'file'), '/dev/null/home', 'relative/home', join(base, 'x'.repeat(200))])
      expect(await run(event(), { PAID_HOME: home })).toEqual(silent)
  })

  test('a folder of that name that others may write to is not written to', async () => {
    const home = temporaryHome()
    mkdirSync(join(home, 'spool'), { mode: 0o777 })
    Bun.spawnSync(['chmod', '777', join(home, 'spool')])
    expect(await run(event(), { PAID_HOME: home })).toEqual(silent)
    expect(spooled(home)).toEqual([])
  })
})

test('at a terminal it says how it is used and exits 2', async () => {
  const home = temporaryHome()
  const shown: string[] = []
  const decoder = new TextDecoder()
  const child = Bun.spawn(command, {
    env: { PATH: process.env['PATH'], PAID_HOME: home, TERM: 'xterm' },
    terminal: { cols: 120, rows: 30, data: (_terminal, bytes) => void shown.push(decoder.decode(bytes)) },
  })
  expect(await child.exited).toBe(2)
  expect(shown.join('')).toContain('paid hooks install')
  expect(spooled(home)).toEqual([])
})

test('a stdin that nobody closes is taken as it is once nothing more comes', async () => {
  const home = temporaryHome()
  const child = Bun.spawn(command, {
    stdin: 'pipe',
    stdout: 'pipe',
    env: { PATH: process.env['PATH'], PAID_HOME: home },
  })
  void child.stdin.write(event())
  await child.stdin.flush()
  expect(await child.exited).toBe(0)
  expect(await new Response(child.stdout).text()).toBe('')
  expect(spooled(home)).toHaveLength(1)
}, 15_000)
