// Webhooks as somebody at a terminal has them, with the compiled binary, its ends in order and out of order.

import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sign } from '../../src/features/webhooks/schemes.ts'
import { startDaemon, type TestDaemon, withDaemon } from '../support/daemon.ts'
import { freshHome, removeHomes } from '../support/fresh-home.ts'
import { addWebhook, call, deliveriesOf, secret, send } from '../support/webhooks.ts'

afterEach(removeHomes)

/** One that outlives its daemon. */
const keptHome = (): string => freshHome().root

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')

test('from adding one to removing it', () =>
  withDaemon({}, async (daemon) => {
    const paid = async (words: string[], stdin = '') => {
      const ran = await daemon.run(['webhooks', ...words], { stdin })
      return { ...ran, lines: lines(ran.stdout) }
    }
    expect((await paid(['list'])).stderr).toContain('There are no webhooks')
    const added = await paid(
      ['add', 'github', '--scheme', 'github', '--secret-stdin', '--publish', 'ci'],
      `${secret}\n`,
    )
    expect(added).toMatchObject({ code: 0, stderr: '', lines: [`${daemon.url}/webhook/github`] })
    expect((await paid(['list'])).lines).toEqual([expect.stringMatching(/^github +github +publishes on ci$/)])

    const body = '{"ref":"refs/heads/main"}'
    const headers = sign('github', Buffer.from(body), secret, { now: Date.now(), delivery: 'first' })
    expect((await send(daemon.url, '/webhook/github', body, headers)).status).toBe(200)
    const tested = await paid(['test', 'github', '{"ref":"x"}'])
    expect(tested).toMatchObject({
      code: 0,
      lines: [expect.stringContaining('200 {"success":true,"data":{"eventId":"evt_')],
    })
    expect((await paid(['test', 'github', '-'], '[1]')).code).toBe(0)
    expect((await paid(['test', 'github', '7'])).code).toBe(1)

    const again = await paid(['redeliver', 'github', 'first'])
    expect(again).toMatchObject({ code: 0, lines: [expect.stringContaining('200 {"success":true')] })
    expect((await paid(['redeliver', 'github', 'nothing'])).stderr).toContain('has no delivery "nothing"')
    const listed = await paid(['deliveries', 'github'])
    expect(listed.lines).toHaveLength(3)
    expect(listed.lines[2]).toMatch(/ done +200 .* first, 2 runs$/)
    expect((await paid(['deliveries', 'github', '--limit', '1'])).lines).toHaveLength(1)
    expect((await deliveriesOf(daemon, 'github'))[2]).toMatchObject({
      delivery: 'first',
      status: 200,
      runs: [{ by: 'webhook:github' }, { by: 'unix:0' }],
    })

    const other = 'another secret'
    expect((await paid(['rotate', 'github', '--secret-stdin', '--keep', '1h'], other)).lines[0]).toContain(
      'counts until',
    )
    for (const key of [secret, other]) {
      const signed = sign('github', Buffer.from(body), key, { now: Date.now(), delivery: key })
      expect((await send(daemon.url, '/webhook/github', body, signed)).status).toBe(200)
    }
    const shown = JSON.parse((await paid(['show', 'github', '--json'])).stdout)
    expect(shown).toMatchObject({
      name: 'github',
      scheme: 'github',
      publish: 'ci',
      deliveries: expect.any(Array),
    })
    expect((await paid(['show', 'github'])).lines).toHaveLength(6)
    expect(await paid(['remove', 'github', '--json'])).toMatchObject({ code: 0, lines: ['{"removed":true}'] })
    expect((await paid(['remove', 'github'])).code).toBe(1)
    expect((await paid(['show', 'github'])).stderr).toContain('There is no webhook github')
    expect(JSON.parse((await paid(['list', '--json'])).stdout)).toEqual([])
  }))

test('what is typed wrong is told, and nothing is added', () =>
  withDaemon({}, async (daemon) => {
    for (const [words, said] of [
      [['--scheme', 'gitlab', '--publish', 'x'], 'there is no scheme "gitlab"'],
      [['--scheme', 'github', '--secret', 's'], 'Give one of --do ACTION and --publish CHANNEL'],
      [['--scheme', 'github', '--secret', 's', '--do', 'a', '--publish', 'x'], 'Give one of --do'],
      [['--scheme', 'github', '--publish', 'x'], 'needs the secret that its sender has'],
      [['--scheme', 'github', '--secret', 's', '--secret-stdin', '--publish', 'x'], 'given twice'],
      [
        ['--scheme', 'github', '--secret', 's', '--publish', 'x', '--tolerance', '5'],
        '--tolerance must be a span',
      ],
      [
        ['--scheme', 'github', '--secret', 's', '--publish', 'x', '--allow', 'home'],
        'neither an address nor a network',
      ],
    ] as const) {
      const ran = await daemon.run(['webhooks', 'add', 'x', ...words])
      expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining(said)])
    }
    expect((await daemon.run(['webhooks', 'list', '--json'])).stdout.trim()).toBe('[]')
    const hinted = await daemon.run([
      'webhooks',
      'add',
      'x',
      '--scheme',
      'github',
      '--secret',
      's',
      '--do',
      'later',
    ])
    expect(hinted.code).toBe(0)
    expect(hinted.stderr).toContain('--secret-stdin')
    expect(hinted.stderr).toContain('There is no action later yet')
  }))

/** An action that leaves a line for each time it ran, and goes on until it is let go. */
const addSlow = async (
  daemon: TestDaemon,
): Promise<{ began: () => number; letGo: () => void; ran: string }> => {
  const [ran, gate] = [join(daemon.home, 'ran'), join(daemon.home, 'gate')]
  const script = `echo began >> "${ran}"; while [ ! -e "${gate}" ]; do sleep 0.05; done; echo done`
  await call(daemon, 'action.add', { name: 'slow', kind: 'command', command: ['/bin/sh', '-c', script] })
  await addWebhook(daemon, 'slow', '--do', 'slow')
  return {
    began: () => (existsSync(ran) ? lines(readFileSync(ran, 'utf8')).length : 0),
    letGo: () => writeFileSync(gate, ''),
    ran,
  }
}

const until = async (is: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await is())) await Bun.sleep(20)
}

const once = { 'idempotency-key': 'k1' }

describe('a delivery', () => {
  test(
    'that twenty send at once runs one process, and all are answered with its result',
    () =>
      withDaemon({}, async (daemon) => {
        const slow = await addSlow(daemon)
        const answers = Array.from({ length: 20 }, () => send(daemon.url, '/webhook/slow', '{}', once))
        await until(() => slow.began() > 0)
        answers.push(send(daemon.url, '/webhook/slow', '{}', once))
        slow.letGo()
        const told = await Promise.all(answers)
        expect(new Set(told.map(({ text }) => text))).toEqual(new Set(['{"success":true,"data":"done"}']))
        expect(slow.began()).toBe(1)
      }),
    30_000,
  )

  test('that kill -9 cut off is lost, is said to be, and is run again only by hand', async () => {
    const home = keptHome()
    const first = await startDaemon({ home })
    const slow = await addSlow(first)
    const cut = send(first.url, '/webhook/slow', '{"n":1}', once).catch(() => 'cut off')
    await until(() => slow.began() > 0)
    await first.kill('SIGKILL')
    expect(await cut).toBe('cut off')

    await using second = await startDaemon({ home })
    expect(await deliveriesOf(second, 'slow')).toMatchObject([
      { delivery: 'k1', state: 'lost', runs: [{ state: 'lost' }] },
    ])
    for (let n = 0; n < 3; n++)
      expect(await send(second.url, '/webhook/slow', '{"n":1}', once)).toMatchObject({
        status: 500,
        body: { error: expect.stringContaining('not run again by itself') },
      })
    expect(slow.began()).toBe(1)
    slow.letGo()
    const again = await second.run(['webhooks', 'redeliver', 'slow', 'k1'])
    expect(again).toMatchObject({ code: 0, stdout: '200 {"success":true,"data":"done"}\n' })
    expect(slow.began()).toBe(2)
    expect((await send(second.url, '/webhook/slow', '{"n":1}', once)).status).toBe(200)
    expect(slow.began()).toBe(2)
  }, 30_000)

  test('that was answered is there after kill -9, and is answered the same', async () => {
    const home = keptHome()
    const first = await startDaemon({ home })
    await addWebhook(first, 'ci', '--publish', 'ci')
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        send(first.url, '/webhook/ci', `{"n":${n}}`, { 'idempotency-key': `k${n}` }),
      ),
    )
    await first.kill('SIGKILL')
    await using second = await startDaemon({ home })
    for (const [n, { text }] of answers.entries())
      expect((await send(second.url, '/webhook/ci', '{}', { 'idempotency-key': `k${n}` })).text).toBe(text)
    const events = JSON.parse((await second.run(['events', '--channel', 'ci', '--json'])).stdout)
    expect(events).toHaveLength(50)
  }, 30_000)

  test('that runs when the daemon is told to stop is answered, and lost', async () => {
    const home = keptHome()
    const first = await startDaemon({ home })
    const slow = await addSlow(first)
    const sent = send(first.url, '/webhook/slow', '{}', once)
    await until(() => slow.began() > 0)
    await first.kill('SIGTERM')
    expect((await sent).status).toBe(503)
    await using second = await startDaemon({ home })
    expect(await deliveriesOf(second, 'slow')).toMatchObject([{ state: 'lost' }])
    expect(slow.began()).toBe(1)
  }, 30_000)
})

test('two namespaces have webhooks of the same name, each at its own address', async () => {
  const home = keptHome()
  await using daemon = await startDaemon({
    home,
    config: { sockets: [{ path: join(home, 'k.sock'), namespace: 'kanban' }] },
  })
  const { openConnection } = await import('../../src/client/connection.ts')
  await using kanban = await openConnection(join(home, 'k.sock'))
  const params = { name: 'ci', scheme: 'header' as const, secret, publish: 'ci' }
  expect(await kanban.call('webhook.add', params)).toMatchObject({ path: '/webhook/kanban/ci' })
  expect((await send(daemon.url, '/webhook/ci')).status).toBe(404)
  expect((await send(daemon.url, '/webhook/kanban/ci')).status).toBe(200)
  expect((await kanban.call('event.list', { channel: 'ci' })).events).toHaveLength(1)
  expect((await daemon.run(['events', '--channel', 'ci', '--json'])).stdout.trim()).toBe('[]')
})
