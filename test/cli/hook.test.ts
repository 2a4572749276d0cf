// `paid hook` as Claude Code runs it: a process, a JSON on stdin, and a daemon that answers one way or another.

import { afterEach, describe, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '../../src/protocol/limits.ts'
import {
  command,
  daemonThat,
  event,
  outcomeOf,
  run,
  silent,
  spooled,
  start,
  temporaryHome,
  undoAll,
} from '../support/hook.ts'

afterEach(undoAll)

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

  test('a hook that stood still with its machine takes the reply that came meanwhile', async () => {
    let pid = 0
    const daemon = daemonThat(async () => {
      process.kill(pid, 'SIGSTOP')
      // the fault itself: its patience is over by the clock when it goes on
      await Bun.sleep(limits.hookHeadersMs * 2)
      setTimeout(() => process.kill(pid, 'SIGCONT'))
      return new Response('{"decision":"block"}')
    })
    const child = start(event(), daemon.env)
    pid = child.pid
    expect(await outcomeOf(child)).toEqual({ code: 0, stdout: '{"decision":"block"}', stderr: '' })
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
