// Guards 13, 15 and 21 for actions: what a command finds in its environment, where secrets may not be seen, and names
// that mean something elsewhere.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openConnection, type Connection } from '../../src/client/connection.ts'
import { limits } from '../../src/protocol/limits.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'

const token = 'the-token-of-this-daemon-0123456789'
const secret = 's3cr3t-Zq8vXw2LmN5tRk7P'

let daemon: TestDaemon
let connection: Connection

beforeAll(async () => {
  daemon = await startDaemon({
    env: {
      PAID_TOKEN: token,
      BUN_CONFIG_REGISTRY: 'nowhere',
      PAID_LOG_LEVEL: 'debug',
      CLAUDE_CODE_MESSAGING_TOKEN: 'of-another-session',
      AWS_SECRET_ACCESS_KEY: 'of-the-user',
      LANG: 'C.UTF-8',
      LC_TIME: 'C',
      XDG_RUNTIME_DIR: '/run/user/1',
      TERM: 'dumb',
    },
  })
  connection = await openConnection(daemon.socket)
})
afterAll(async () => {
  connection.close()
  await daemon.stop()
})

test('guard 15: of the daemon’s environment a command finds what any program needs, and nothing else', async () => {
  await connection.call('action.add', { name: 'env', kind: 'command', command: ['env'], env: { MY: 'own' } })
  const { result, run } = await connection.call('action.run', { name: 'env' })
  const { PATH = '', HOME = '', TMPDIR = '' } = daemon.env
  const found = Object.fromEntries(
    String(result)
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  expect(found).toEqual({
    PATH,
    HOME,
    TMPDIR,
    LANG: 'C.UTF-8',
    LC_TIME: 'C',
    XDG_RUNTIME_DIR: '/run/user/1',
    TERM: 'dumb',
    MY: 'own',
    PAID_HOME: daemon.home,
    PAID_ACTION: 'env',
    PAID_RUN: run,
  })
})

test('guard 15: a command inherits no file of the daemon', async () => {
  const command = ['sh', '-c', 'for f in /proc/self/fd/*; do readlink "$f"; done; true']
  await connection.call('action.add', { name: 'files', kind: 'command', command })
  const { result } = await connection.call('action.run', { name: 'files' })
  expect(String(result)).not.toContain(daemon.home)
})

test('guard 13: what was given as a secret is seen by the action alone', async () => {
  const hook = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => {
      // a server that says back what it was sent
      const shown = request.headers.get('authorization') ?? ''
      return new Response(`Who are you? authorization: ${shown}`, { status: 401 })
    },
  })
  const url = `${hook.url.origin}/hook?api_key=${secret}`
  const typed = await daemon.run(['actions', 'add', 'web', '--http', 'POST', url, '--header-stdin'], {
    stdin: `Authorization: Bearer ${secret}\nX-Api-Key: ${secret}\nCookie: session=${secret}\n`,
  })
  expect(typed.code).toBe(0)
  const shell = [
    'sh',
    '-c',
    'echo "I was given $WANTED" >&2; test "$API_TOKEN" = "$WANTED" || exit 9; exit 1',
  ]
  await daemon.run(['actions', 'add', 'cmd', '--env-stdin', '--', ...shell], {
    stdin: `API_TOKEN=${secret}\nWANTED=${secret}\nDB_PASSWORD=${secret}\n`,
  })
  const failed = await daemon.run(['actions', 'run', 'web'])
  expect(failed.stderr).toContain('HTTP 401')
  // it had its secret
  expect((await daemon.run(['actions', 'run', 'cmd'])).stderr).toContain('exit code 1')
  const seen = [
    (await daemon.run(['actions', 'list', '--json'])).stdout,
    (await daemon.run(['actions', 'show', 'web', '--json'])).stdout,
    (await daemon.run(['actions', 'show', 'web'])).stdout,
    (await daemon.run(['actions', 'show', 'cmd'])).stdout,
    (await daemon.run(['events', '--all', '--json', '--since', '1h'])).stdout,
    (await daemon.run(['logs', '-n', '10000'])).stdout,
    daemon.output(),
  ]
  await hook.stop(true)
  for (const text of seen) {
    expect(text).not.toContain(secret)
    expect(text).not.toContain(token)
  }
})

test('guard 13: a secret is cut out however it is written: in JSON, line by line', async () => {
  const [quoted, lines] = ['pass"with"quotes-8c1', 'first-line-4f02\nsecond-line-9ab7']
  const script = `printf '%s\n' "$QUOTED"; printf '%s' "$LINES" >&2`
  const json = `exec '${process.execPath}' -e 'console.log(JSON.stringify({ it: process.env.QUOTED }))'`
  const env = { QUOTED: quoted, LINES: lines }
  const secrets = ['QUOTED', 'LINES']
  for (const [name, text, code] of [
    ['written', script, 0],
    ['json', json, 0],
    ['failing', `${script}; exit 1`, 1],
  ] as const) {
    const command = ['sh', '-c', text]
    await connection.call('action.add', { name, kind: 'command', command, env, secret: secrets })
    expect((await daemon.run(['actions', 'run', name])).code).toBe(code)
  }
  const { events } = await connection.call('event.list', { channel: 'action:*', limit: 1000 })
  for (const text of [JSON.stringify(events), (await daemon.run(['logs', '-n', '10000'])).stdout])
    expect(text).not.toMatch(/quotes-8c1|first-line|second-line/)
})

test('however much a command says on stderr, the log takes as much of it as it should', async () => {
  const log = join(daemon.home, 'paid.log')
  const before = statSync(log).size
  const command = ['sh', '-c', 'yes e | head -n 200000 >&2; head -c 1000000 /dev/zero >&2']
  await connection.call('action.add', { name: 'chatty', kind: 'command', command })
  await connection.call('action.run', { name: 'chatty' })
  expect(readFileSync(log, 'utf8')).toContain('an action said more, which is left out')
  expect(statSync(log).size - before).toBeLessThan(2 * limits.stderrLoggedBytes)
})

test('guard 21: a name is a name: no path, no pattern, no line of its own', async () => {
  const files = () =>
    readdirSync(daemon.home, { recursive: true, encoding: 'utf8' })
      .filter((file) => !file.startsWith('paid.'))
      .sort()
  const before = files()
  const taken = [
    '/etc/passwd',
    '../../../evil',
    '..',
    'a*',
    'a%',
    'a_',
    "x' OR '1'='1",
    '__proto__',
    '$(id)',
    'evt_1',
    '\u202egpj',
  ]
  for (const name of [...taken, 'ab'])
    await connection.call('action.add', { name, kind: 'command', command: ['printenv', 'PAID_ACTION'] })
  for (const name of taken) {
    expect(await connection.call('action.run', { name })).toMatchObject({ result: name })
    expect(await connection.call('action.get', { name })).toMatchObject({ action: { name } })
    const shown = await daemon.run(['actions', 'show', '--', name])
    expect(shown.stdout.match(/^run /gm)).toHaveLength(1)
  }
  for (const name of taken)
    expect(await connection.call('action.remove', { name })).toEqual({ removed: true })
  expect(await connection.call('action.get', { name: 'ab' })).toMatchObject({ action: { name: 'ab' } })
  expect(files()).toEqual(before)
  for (const name of ['', 'a\0b', 'a\nb', '\u001b[2J', '\ud800', 'x'.repeat(1024 * 1024)])
    expect(connection.call('action.run', { name })).rejects.toMatchObject({ code: 'bad_request' })
})

test('guard 21: what a command says on stderr begins no line of the log', async () => {
  const script = `printf '2026-01-01T00:00:00.000Z error forged\\r\\033[2Jtext\\n' >&2`
  await connection.call('action.add', { name: 'forge', kind: 'command', command: ['sh', '-c', script] })
  await connection.call('action.run', { name: 'forge' })
  const log = readFileSync(join(daemon.home, 'paid.log'), 'utf8')
  expect(log).toContain('forged')
  expect(log).not.toMatch(/^2026-01-01T00:00:00.000Z error forged/m)
  expect(log).not.toContain('\u001b')
})
