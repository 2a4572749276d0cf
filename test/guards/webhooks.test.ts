// What is under /webhook asks for no token, so it is held here to what guards the rest: the wall, the limits, names that
// are data, secrets that stay inside; and the address that serves webhooks serves nothing else.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { environmentOf, runPaid, startDaemon, type TestDaemon, withDaemon } from '../support/daemon.ts'
import { freshHome, removeHomes } from '../support/fresh-home.ts'
import { chunk, head, residentMiB, statuses } from '../support/http-text.ts'
import { hostOf, sendRaw, upgrade } from '../support/raw-http.ts'
import { addWebhook, call, deliveriesOf, secret, send } from '../support/webhooks.ts'
import { openWire } from '../support/wire.ts'

const MiB = 1024 * 1024
let daemon: TestDaemon
let only: string

const webhookUrl = async (from: TestDaemon): Promise<string> =>
  JSON.parse((await from.run(['status', '--json'])).stdout).webhookUrls[0]

beforeAll(async () => {
  daemon = await startDaemon({
    args: ['--webhooks', '127.0.0.1:0'],
    config: { webhooks: { ratePerMinute: 10_000 } },
  })
  only = await webhookUrl(daemon)
  await addWebhook(daemon, 'ci', '--publish', 'ci')
})
afterAll(() => daemon.stop())

describe('the address of webhooks alone', () => {
  test('serves them and /health, and is 404 for everything else, with the token too', async () => {
    expect((await send(only, '/webhook/ci')).status).toBe(200)
    expect((await fetch(`${only}/health`)).status).toBe(200)
    const headers = { authorization: `Bearer ${daemon.token}`, 'content-type': 'application/json' }
    for (const [method, path] of [
      ['POST', '/events'],
      ['GET', '/events'],
      ['POST', '/hooks/claude'],
      ['POST', '/call/system.status'],
      ['POST', '/call/webhook.receive'],
      ['GET', '/methods'],
      ['GET', '/openapi.json'],
      ['GET', '/ready'],
      ['GET', '/version'],
      ['GET', '/stats'],
      ['GET', '/'],
      ['GET', '/ws'],
      ['GET', '/webhooks'],
      ['GET', '/health/'],
    ] as const) {
      const answer = await fetch(`${only}${path}`, {
        method,
        headers,
        ...(method === 'POST' && { body: '{}' }),
      })
      expect([path, answer.status]).toEqual([path, 404])
    }
    for (const path of ['/ws', '/', '/webhook/ci', '/health'])
      expect(
        (await sendRaw(only, [`GET ${path} HTTP/1.1`, `Host: ${hostOf(only)}`, ...upgrade])).status,
      ).not.toBe(101)
  })

  test('may be one that others reach, which is said aloud; without a secret nobody is let in there', async () => {
    await withDaemon({ args: ['--webhooks', '0.0.0.0:0'] }, async (open) => {
      expect(open.output()).toContain('others reach this address')
      const refused = await open.run(['webhooks', 'add', 'x', '--scheme', 'none', '--publish', 'ci'])
      expect(refused.code).not.toBe(0)
      expect(refused.stderr).toContain('--allow')
      await addWebhook(open, 'x', '--scheme', 'none', '--publish', 'ci', '--allow', '127.0.0.1')
      const url = (await webhookUrl(open)).replace('0.0.0.0', '127.0.0.1')
      expect((await send(url, '/webhook/x')).status).toBe(200)
    })
  })

  test('takes no options, and is not named twice', async () => {
    for (const address of ['127.0.0.1:0,auth=none', 'nowhere', '127.0.0.1:99999'])
      expect((await daemon.run(['start', '--webhooks', address])).code).toBe(2)
  })

  test('stays the same through a restart', async () => {
    const { paths } = freshHome()
    const env = environmentOf(paths.home)
    try {
      const paid = (...words: string[]) => runPaid(words, { env })
      expect((await paid('start', '--listen', '127.0.0.1:0', '--webhooks', '127.0.0.1:0')).code).toBe(0)
      const urls = async () => JSON.parse((await paid('status', '--json')).stdout).webhookUrls
      const before = await urls()
      expect((await paid('restart')).code).toBe(0)
      expect(await urls()).toEqual(before)
    } finally {
      await runPaid(['stop'], { env })
      removeHomes()
    }
  })
})

describe('the wall stands before it', () => {
  test.each([
    ['a foreign Host', { Host: 'evil.test' }, 403],
    ['a foreign Origin', { Origin: 'https://evil.test' }, 403],
    ['the Origin null', { Origin: 'null' }, 403],
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['a page’s preflight', { Origin: 'https://evil.test', 'Access-Control-Request-Method': 'POST' }, 403],
  ])('%s is refused, by every address and for every name', async (what, headers, status) => {
    for (const address of [daemon.url, only])
      for (const name of ['ci', 'nobody']) {
        const method = what.includes('preflight') ? 'OPTIONS' : 'POST'
        const lines = Object.entries({ Host: hostOf(address), 'X-Webhook-Secret': secret, ...headers })
        const answer = await sendRaw(
          address,
          [`${method} /webhook/${name} HTTP/1.1`, ...lines.map(([key, value]) => `${key}: ${value}`)],
          '{}',
        )
        expect(answer.status).toBe(status)
        expect(answer.headers).not.toContain('access-control')
      }
  })
})

test('25 MiB claimed and dribbled are cut off at the limit, on many connections, in bounded memory', async () => {
  const before = residentMiB(daemon)
  const piece = chunk(' '.repeat(64 * 1024))
  const claimed = head({ url: only, token: '' }, 'POST', '/webhook/ci', 'transfer-encoding: chunked')
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      await using wire = await openWire(only)
      wire.send(claimed)
      let sent = 0
      for (; sent < 25 * MiB && !wire.text().includes('HTTP/1.1'); sent += 64 * 1024) await wire.pour(piece)
      expect(statuses(await wire.until('"}'))[0]).toBe(413)
      expect(sent).toBeLessThan(25 * MiB)
    }),
  )
  for (const length of [25 * MiB, 2 ** 53]) {
    await using wire = await openWire(only)
    wire.send(head({ url: only, token: '' }, 'POST', '/webhook/ci', `content-length: ${length}`))
    expect(statuses(await wire.until('"}'))).toEqual([413])
  }
  expect(residentMiB(daemon) - before).toBeLessThan(64)
}, 30_000)

test('a compressed body is refused before it is unpacked', async () => {
  const answer = await send(only, '/webhook/ci', Bun.gzipSync(Buffer.alloc(MiB)), {
    'content-encoding': 'gzip',
  })
  expect(answer.status).toBe(415)
})

test('60 a minute from one address to one webhook, known or not; then 429, and when to come again', async () => {
  await withDaemon({}, async (limited) => {
    for (const name of ['a', 'b']) await addWebhook(limited, name, '--publish', name)
    for (const name of ['a', 'nobody']) {
      const answers = await Promise.all(
        Array.from({ length: 70 }, () =>
          send(limited.url, `/webhook/${name}`, '{}', { 'x-webhook-secret': 'no' }),
        ),
      )
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(10)
      const last = await send(limited.url, `/webhook/${name}`)
      expect(last).toMatchObject({
        status: 429,
        body: { error: 'Too many requests', limit: 60, windowMs: 60_000 },
      })
      const seconds = Number(last.headers.get('retry-after'))
      expect(seconds).toBeGreaterThan(0)
      expect(seconds).toBeLessThanOrEqual(60)
    }
    expect((await send(limited.url, '/webhook/b')).status).toBe(200)
    // the owner's own socket is nobody's flood
    expect((await limited.run(['webhooks', 'test', 'a'])).code).toBe(0)
    const { refused } = JSON.parse((await limited.run(['status', '--json'])).stdout)
    expect(refused).toMatchObject({ rate: 22, webhook: 120 })
  })
}, 30_000)

describe('guard 21: names are data', () => {
  const names = [
    '../../../evil',
    'a/b',
    "'; DROP TABLE webhooks; --",
    '%',
    '_',
    '*',
    '\u202egnp',
    '😀',
    '__proto__',
    'constructor',
    '...',
    'a b?c#d',
    'x'.repeat(256),
  ]

  test.each(names)('%p is a webhook like others', async (name) => {
    await call(daemon, 'webhook.add', { name, scheme: 'header', secret, publish: 'named' })
    const path = `/webhook/${encodeURIComponent(name)}`
    expect((await send(daemon.url, path)).status).toBe(200)
    expect((await send(daemon.url, `${path}x`)).status).toBe(404)
    const shown = await daemon.run(['webhooks', 'show', name])
    expect(shown.code).toBe(0)
    for (const obeyed of ['\u001b', '\u202e']) expect(shown.stdout).not.toContain(obeyed)
    expect((await daemon.run(['webhooks', 'remove', name])).code).toBe(0)
    expect((await send(daemon.url, path)).status).toBe(404)
  })

  test.each(['', '.', '..', 'x'.repeat(257), 'a\nb', 'a\0b', '\u001b[2J', '\ud800'])(
    '%p is no name',
    async (name) => {
      const added = call(daemon, 'webhook.add', { name, scheme: 'header', secret, publish: 'named' })
      expect(await added.catch(() => 'refused')).toBe('refused')
    },
  )

  test('delivery ids are too, and what is none gives each delivery one of its own', async () => {
    await addWebhook(daemon, 'ids', '--publish', 'ids')
    for (const id of ["';--", '../x', '%', 'a\u00e9', 'x'.repeat(300), ' '])
      expect((await send(daemon.url, '/webhook/ids', '{}', { 'idempotency-key': id })).status).toBe(200)
    const ids = (await deliveriesOf(daemon, 'ids')).map(({ delivery }) => delivery)
    expect(ids.toReversed().slice(0, 3)).toEqual(["';--", '../x', '%'])
    expect(ids.filter((id) => id.startsWith('dlv_'))).toHaveLength(3)
  })
})

test('a secret is in the database, 0600, and in nothing else that the daemon wrote or said', async () => {
  await withDaemon({}, async (quiet) => {
    const hidden = 'Zq8-never-told-to-anybody-7Yx'
    const added = await quiet.run([
      'webhooks',
      'add',
      'h',
      '--scheme',
      'header',
      '--secret',
      hidden,
      '--publish',
      'h',
    ])
    expect(added.stderr).toContain('--secret-stdin')
    const rotated = ['webhooks', 'rotate', 'h', '--secret-stdin']
    const said = [
      added,
      await quiet.run(rotated, { stdin: `${hidden}2\n` }),
      await quiet.run(['webhooks', 'test', 'h']),
      await quiet.run(['webhooks', 'add', 'h', '--scheme', 'header', '--secret', hidden, '--publish', 'h']),
      await quiet.run(['webhooks', 'add', 'i', '--scheme', 'standard', '--secret', hidden, '--publish', 'h']),
      await quiet.run(['webhooks', 'add', 'i', '--scheme', 'header', '--secret-stdin', '--publish', 'h'], {
        stdin: `${hidden}\nb`,
      }),
      await quiet.run(['webhooks', 'list', '--json']),
      await quiet.run(['webhooks', 'show', 'h', '--json']),
      await quiet.run(['webhooks', 'deliveries', 'h', '--json']),
      await quiet.run(['events', '--all', '--json']),
      await quiet.run(['logs']),
    ]
    const shown = { 'x-webhook-secret': `${hidden}2`, 'x-copy': `a ${hidden}2` }
    const answers = [await send(quiet.url, `/webhook/h?secret=${hidden}&x=${hidden}`, '{}', shown)]
    answers.push(
      await send(quiet.url, '/webhook/h', '{', shown),
      await send(quiet.url, '/webhook/h', '{}', { 'x-webhook-secret': hidden }),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 200])
    expect(JSON.stringify([said, answers, await quiet.run(['events', '--all', '--json'])])).not.toContain(
      hidden,
    )
    expect(quiet.output()).not.toContain(hidden)
    await quiet.kill('SIGTERM')
    for (const file of readdirSync(quiet.home)) {
      const path = join(quiet.home, file)
      if (!statSync(path).isFile()) continue
      const holds = readFileSync(path).includes(hidden)
      expect([file, holds]).toEqual([file, file.startsWith('paid.db')])
      if (holds) expect(statSync(path).mode & 0o777).toBe(0o600)
    }
  })
}, 30_000)
