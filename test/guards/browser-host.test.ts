// Guards 3 and 8: a hostile page under a name that was made to point at us (DNS rebinding), and what a stranger learns.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { networkInterfaces } from 'node:os'
import { startDaemon } from '../support/daemon.ts'
import { hostOf, type RawAnswer, sendRaw, upgrade } from '../support/raw-http.ts'
import { event, expectAll, json, openWalled, request, type Walled } from '../support/walled.ts'

let walled: Walled
beforeAll(async () => {
  walled = await openWalled()
}, 30_000)
afterAll(() => walled.daemon.stop())

const foreignHosts = (port: string): string[] => [
  '',
  'evil.test',
  `evil.test:${port}`,
  `EVIL.TEST:${port}`,
  `evil.test.:${port}`,
  '127.0.0.1',
  'localhost',
  '127.0.0.1:1',
  `127.0.0.1:0${port}`,
  `127.0.0.1:${port}0`,
  `127.0.0.1.:${port}`,
  `localhost.:${port}`,
  `LOCALHOST:${port}`,
  `localhost.evil.test:${port}`,
  `127.0.0.1.evil.test:${port}`,
  `127.0.0.2:${port}`,
  `127.1:${port}`,
  `2130706433:${port}`,
  `0x7f000001:${port}`,
  `0.0.0.0:${port}`,
  `[::1]:${port}`,
  `[::ffff:127.0.0.1]:${port}`,
  `[::ffff:7f00:1]:${port}`,
  `evil@127.0.0.1:${port}`,
  `127.0.0.1:${port}@evil.test`,
  `127.0.0.1:${port}/`,
  `127.0.0.1:${port}/health?`,
  `127.0.0.1:${port}, evil.test`,
  `127.0.0.1:${port} evil.test`,
  `http://127.0.0.1:${port}`,
]

test('guard 3: a Host we do not listen as gets 403, on the open paths too', async () => {
  const { guarded, open } = walled
  for (const url of [guarded, open]) {
    const { port } = new URL(url)
    await walled.refused('host', () =>
      expectAll(403, [
        ...foreignHosts(port).flatMap((host) =>
          ['GET /events', 'GET /health', 'POST /events'].map((start) => ({
            name: `${start} of ${host}`,
            send: () => sendRaw(url, [`${start} HTTP/1.1`, `Host: ${host}`, walled.bearer, json]),
          })),
        ),
        ...[
          ['GET /events HTTP/1.1', `Host: ${hostOf(url)}`, 'Host: evil.test'],
          ['GET /events HTTP/1.1', 'Host: evil.test', `Host: ${hostOf(url)}`],
          [`GET http://${hostOf(url)}/events HTTP/1.1`, 'Host: evil.test'],
          ['GET /events HTTP/1.1', 'Host: evil.test', `X-Forwarded-Host: ${hostOf(url)}`],
          ['GET /events HTTP/1.1', 'Host: evil.test', `Forwarded: host=${hostOf(url)}`],
          ['GET /events HTTP/1.0'],
          ['GET /ws HTTP/1.1', 'Host: evil.test', ...upgrade],
        ].map((lines) => ({ name: lines.join(' | '), send: () => sendRaw(url, [...lines, walled.bearer]) })),
      ]),
    )
    await expectAll(400, [
      { name: 'none', send: () => sendRaw(url, ['GET /events HTTP/1.1', walled.bearer]) },
      {
        name: 'folded',
        send: () => sendRaw(url, ['GET /events HTTP/1.1', 'Host: evil.test', ` ${hostOf(url)}`]),
      },
      { name: 'spaced', send: () => sendRaw(url, ['GET /events HTTP/1.1', `Host : ${hostOf(url)}`]) },
    ])
  }
}, 60_000)

test('guard 3: the names we listen as, and those of the configuration, are answered', async () => {
  const { open } = walled
  const { port } = new URL(open)
  const names = [`127.0.0.1:${port}`, `localhost:${port}`, 'paid.example.test', `paid.example.test:${port}`]
  await expectAll(
    200,
    names.map((name) => ({
      name,
      send: () => sendRaw(open, ['GET /events HTTP/1.1', `Host: ${name}`]),
    })),
  )
  const owner = await sendRaw(walled.daemon.httpSocket, ['GET /events HTTP/1.1', 'Host: anything.at.all'])
  expect(owner.status).toBe(200)
})

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

// skipped where the machine has no [::1]
test.skipIf(!hasIpv6)(
  'guard 3: a listener of IPv6 goes by its own form alone',
  async () => {
    await using six = await startDaemon({ args: ['--listen', '[::1]:0,auth=none'] })
    const { port } = new URL(six.url)
    const ask = (host: string) => sendRaw(six.url, ['GET /events HTTP/1.1', `Host: ${host}`])
    expect((await ask(`[::1]:${port}`)).status).toBe(200)
    expect((await ask(`localhost:${port}`)).status).toBe(200)
    const foreign = [
      '[::1]',
      `::1:${port}`,
      `[0:0:0:0:0:0:0:1]:${port}`,
      `[::1%25lo]:${port}`,
      `127.0.0.1:${port}`,
    ]
    await expectAll(
      403,
      foreign.map((host) => ({ name: host, send: () => ask(host) })),
    )
  },
  30_000,
)

test('guard 8: the open paths tell that we are up, and nothing of whose machine this is', async () => {
  const { guarded } = walled
  const keys: Record<string, string[]> = {
    '/health': ['status', 'version', 'uptime'],
    '/ready': ['ready', 'version'],
    '/version': ['name', 'version', 'buildTime', 'runtime', 'runtimeVersion'],
  }
  for (const [path, expected] of Object.entries(keys)) {
    const answer = await request(guarded, `GET ${path}`)
    expect(Object.keys(JSON.parse(answer.body))).toEqual(expected)
    for (const secret of [String(walled.daemon.pid), walled.daemon.home, '/'])
      expect(`${answer.headers.replaceAll('application/json', '')}${answer.body}`).not.toContain(secret)
    expect(answer.headers).not.toMatch(/^(server|x-powered-by|etag|last-modified)/m)
  }
})

test('guard 8: a refusal is the same for a path that exists and one that does not', async () => {
  const { guarded, open } = walled
  const tried: Record<string, (path: string) => Promise<RawAnswer>> = {
    host: (path) => sendRaw(guarded, [`GET ${path} HTTP/1.1`, 'Host: evil.test']),
    origin: (path) => request(guarded, `GET ${path}`, ['Origin: https://evil.test']),
    site: (path) => request(guarded, `POST ${path}`, ['Sec-Fetch-Site: cross-site']),
    token: (path) => request(guarded, `GET ${path}`, ['Authorization: Bearer wrong']),
    type: (path) => request(open, `POST ${path}`, ['Content-Type: text/plain'], event),
  }
  const seen = new Set<string>()
  for (const send of Object.values(tried)) {
    const answers = await Promise.all(['/events', '/call/system.stop', '/nothing'].map(send))
    expect(new Set(answers.map(({ whole }) => whole)).size).toBe(1)
    const [{ body, status: code } = { body: '', status: 0 }] = answers
    expect(body).not.toMatch(/\/(events|nothing|tmp|root|home)\b|node_modules|\.ts\b|\bat .*:\d+/)
    seen.add(`${code} ${body}`)
  }
  // a stranger cannot tell which stone of the wall it hit
  expect([...seen].filter((each) => each.startsWith('403'))).toHaveLength(1)
})
