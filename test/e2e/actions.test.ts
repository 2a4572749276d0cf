// Actions with the compiled binary: the commands, and what is left when the daemon stops or is killed.

import { expect, test } from 'bun:test'
import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { openConnection } from '../../src/client/connection.ts'
import { startDaemon, temporaryHome, type TestDaemon, withDaemon } from '../support/daemon.ts'
import { offerActions } from '../support/offering.ts'
import { openSocket } from '../support/socket.ts'

const timeout = 60_000

/** What the log says of an action: type, and data. */
const eventsOf = async ({ socket }: TestDaemon, name: string) => {
  await using daemon = await openConnection(socket)
  const { events } = await daemon.call('event.list', { channel: `action:${name}` })
  return events.map(({ type, data }) => ({ type, data: z.record(z.string(), z.unknown()).parse(data) }))
}

/** Calls back when an action's event comes. */
const waitFor = async ({ socket }: TestDaemon, name: string, type: string): Promise<void> => {
  await using daemon = await openConnection(socket)
  const { subscription } = await daemon.call('event.subscribe', { channel: `action:${name}`, since: 0 })
  for (;;) {
    const delivery = await daemon.next(subscription)
    if ('event' in delivery && delivery.event.type === type) return
    if (!('event' in delivery)) throw new Error('The daemon is gone')
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test('added, run, looked at and removed', () =>
  withDaemon({}, async ({ run, home }) => {
    const place = join(home, 'project')
    mkdirSync(place)
    writeFileSync(join(place, 'where.sh'), '#!/bin/sh\npwd -P; echo "$WHO $1" >&2; cat\n', { mode: 0o755 })
    const added = await run(['actions', 'add', 'where', '--env', 'WHO=me', '--', './where.sh', '--all'], {
      cwd: place,
    })
    expect(added).toMatchObject({ code: 0, stdout: '', stderr: 'where: added\n' })
    expect(await run(['actions', 'run', 'where', '{"a":1}'])).toEqual({
      code: 0,
      stdout: `${realpathSync(place)}\n{"a":1}\n`,
      stderr: '',
    })
    expect((await run(['logs'])).stdout).toContain('line="me --all"')
    const whole = await run(['actions', 'run', 'where', '-', '--json'], { stdin: '[1]' })
    expect(JSON.parse(whole.stdout)).toMatchObject({ run: expect.stringMatching(/^run_/), exitCode: 0 })
    expect((await run(['actions', 'list'])).stdout).toBe('where                 command   ./where.sh --all\n')
    expect(JSON.parse((await run(['actions', 'list', '--json'])).stdout)).toMatchObject([{ name: 'where' }])
    const shown = await run(['actions', 'show', 'where'])
    expect(shown.stdout).toContain(`in        ${place}`)
    expect(shown.stdout.match(/^run .* finished after /gm)).toHaveLength(2)
    expect(await run(['actions', 'remove', 'where'])).toMatchObject({ code: 0 })
    expect(await run(['actions', 'run', 'where'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'paid: There is no action "where"\n  `paid actions list` shows those there are.\n',
    })
  }))

test('a failure is exit code 1, and its reason', () =>
  withDaemon({}, async ({ run }) => {
    await run(['actions', 'add', 'bad', '--', 'sh', '-c', 'echo "disk full" >&2; exit 3'])
    const ran = await run(['actions', 'run', 'bad'])
    expect(ran.code).toBe(1)
    expect(ran.stderr).toStartWith('paid: exit code 3: disk full\n')
  }))

test.each([
  [['add', 'x'], 'what it is to do is said once'],
  [['add', 'x', '--publish', 'a', '--', 'true'], 'what it is to do is said once'],
  [['add', 'x', '--http', 'POST'], '--http needs an address'],
  [['add', 'x', '--http', 'EAT', 'http://a.example'], 'there is no HTTP method EAT'],
  [['add', 'x', '--publish', 'a', '--env', 'A=b'], '--env and --cwd belong to a command'],
  [['add', 'x', '--header', 'A=b', '--', 'true'], '--header belongs to --http'],
  [['add', 'x', '--env', 'secret', '--', 'true'], '--env must be NAME=VALUE'],
  [['add', 'x', '--timeout', 'soon', '--', 'true'], '--timeout must be a span'],
  [['add', 'x', '--concurrency', 'all', '--', 'true'], '--concurrency must be a whole number'],
  [['run', 'x', '{'], 'what it is run with is not JSON'],
  [['rn', 'x'], 'actions has no command "rn"'],
])('`paid actions %j` is wrong usage', async (words, message) => {
  const home = temporaryHome()
  await withDaemon({ home }, async ({ run }) => {
    const ran = await run(['actions', ...words])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain(message)
  })
  rmSync(home, { recursive: true })
})

test(
  'a daemon that is killed: what it left running is ended by the next, and lost once',
  async () => {
    const home = temporaryHome()
    await using stack = new AsyncDisposableStack()
    stack.defer(() => rmSync(home, { recursive: true, force: true }))
    let daemon = await startDaemon({ home })
    const script =
      'echo $$ > pid; sh -c "trap : TERM; echo \\$\\$ > child; while :; do sleep 1; done" & sleep 600'
    await daemon.run(['actions', 'add', 'long', '--cwd', home, '--', 'sh', '-c', script])
    await daemon.run([
      'actions',
      'add',
      'orphan',
      '--cwd',
      home,
      '--',
      'sh',
      '-c',
      'sleep 600 & echo $! > grandchild; kill -STOP $$',
    ])
    const running = daemon.run(['actions', 'run', 'long'])
    const other = daemon.run(['actions', 'run', 'orphan'])
    const pids: number[] = []
    for (const name of ['pid', 'child', 'grandchild']) pids.push(await numberIn(join(home, name)))
    expect(pids.filter(isAlive)).toEqual(pids)
    await daemon.kill('SIGKILL')
    expect((await running).code).not.toBe(0)
    await other

    daemon = await startDaemon({ home })
    for (const name of ['long', 'orphan']) await waitFor(daemon, name, 'action.failed')
    expect(pids.filter(isAlive)).toEqual([])
    await daemon.kill('SIGKILL')
    daemon = await startDaemon({ home })
    stack.use(daemon)
    for (const name of ['long', 'orphan']) {
      const events = await eventsOf(daemon, name)
      expect(events.map(({ type }) => type)).toEqual(['action.added', 'action.started', 'action.failed'])
      expect(events.at(-1)?.data).toMatchObject({ reason: 'lost', run: events[1]?.data['run'] })
    }
  },
  timeout,
)

test(
  'a daemon that is stopped ends what runs, and who waits for it is told',
  async () => {
    const home = temporaryHome()
    const daemon = await startDaemon({ home })
    await daemon.run([
      'actions',
      'add',
      'long',
      '--cwd',
      home,
      '--',
      'sh',
      '-c',
      'echo $$ > pid; exec sleep 600',
    ])
    const running = daemon.run(['actions', 'run', 'long'])
    const pid = await numberIn(join(home, 'pid'))
    await daemon.stop()
    expect(isAlive(pid)).toBe(false)
    expect(await running).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('The daemon was stopped while it ran'),
    })
    await withDaemon({ home }, async (next) => {
      expect((await eventsOf(next, 'long')).at(-1)).toMatchObject({ data: { reason: 'stopped' } })
    })
    rmSync(home, { recursive: true })
  },
  timeout,
)

test('a program that is killed: its calls fail at once', () =>
  withDaemon({}, async (daemon) => {
    const begun = Promise.withResolvers<void>()
    const program = await offerActions(daemon.socket, {
      wait: () => {
        begun.resolve()
        return new Promise(() => {})
      },
    })
    await using socket = await openSocket(daemon.socket)
    await socket.write('{"id":1,"method":"action.run","params":{"name":"wait"}}\n')
    await begun.promise
    await program[Symbol.asyncDispose]()
    expect(JSON.parse(await socket.lines.next())).toMatchObject({
      id: 1,
      error: { code: 'action_failed', message: 'Whoever offered it is gone' },
    })
  }))

/** The number that a process writes into a file, when it has. */
const numberIn = async (file: string): Promise<number> => {
  for (let tries = 0; tries < 1000; tries++) {
    const text = await Bun.file(file)
      .text()
      .catch(() => '')
    if (/^\d+\n$/.test(text)) return Number(text)
    await Bun.sleep(10)
  }
  throw new Error(`${file} was never written`)
}
