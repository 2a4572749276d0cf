// Guards 1 to 8: what a hostile web page in the user's browser can do, which is nothing. Requests are written by hand,
// as a page, a rebound name or a tampering extension could have them sent. Each test runs against the two kinds of
// address there are, with a token and without: the wall stands before either.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { hostOf, type RawAnswer, sendRaw, upgrade } from '../support/raw-http.ts'

let daemon: TestDaemon
/** asks for a token, and one that asks nobody */
let guarded = ''
let open = ''

beforeAll(async () => {
  daemon = await startDaemon({
    args: ['--listen', '127.0.0.1:0', '--listen', '127.0.0.1:0,auth=none'],
    config: { hosts: ['Paid.example.test'] },
  })
  guarded = daemon.urls[0] ?? ''
  open = daemon.urls[1] ?? ''
}, 30_000)
afterAll(() => daemon.stop())

const openPaths = ['/health', '/ready', '/version']
const knownPaths = ['/', '/events', '/stats', '/methods', '/openapi.json', '/hooks/claude', '/ws']
const paths = [...knownPaths, '/call/system.stop', '/call/event.publish', '/api/daemon', '/nothing/here']
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']
const event = '{"type":"forged"}'
const json = 'Content-Type: application/json'

const bearer = (): string => `Authorization: Bearer ${daemon.token}`

/** A request to the address under its own name. */
const request = (url: string, start: string, headers: string[] = [], body = ''): Promise<RawAnswer> =>
  sendRaw(url, [`${start} HTTP/1.1`, `Host: ${hostOf(url)}`, ...headers], body)

const status = async () => {
  const { code, stdout } = await daemon.run(['status', '--json'])
  expect(code).toBe(0)
  const found: { log: { head: number }; refused: Record<string, number> } = JSON.parse(stdout)
  return found
}

/** Runs the attack: nothing is stored by it, the daemon lives, and it is counted under its reason as often as said. */
const refused = async (reason: string, attack: () => Promise<number>): Promise<void> => {
  const before = await status()
  const times = await attack()
  const after = await status()
  expect(after.log.head).toBe(before.log.head)
  expect((after.refused[reason] ?? 0) - (before.refused[reason] ?? 0)).toBe(times)
}

/** Sends each, expects the status of all. */
const expectAll = async (
  expected: number,
  requests: { name: string; send: () => Promise<RawAnswer> }[],
): Promise<number> => {
  const wrong: string[] = []
  for (const { name, send } of requests) {
    const answer = await send()
    if (answer.status !== expected) wrong.push(`${answer.status} ${name}`)
  }
  expect(wrong).toEqual([])
  return requests.length
}

const foreignOrigins = (url: string): string[] => {
  const { port } = new URL(url)
  return [
    'null',
    '',
    'http://evil.test',
    'https://evil.test',
    `http://evil.test:${port}`,
    `http://127.0.0.1.evil.test:${port}`,
    `http://localhost.evil.test:${port}`,
    `http://evil-localhost:${port}`,
    'http://127.0.0.1',
    'http://localhost',
    'http://127.0.0.1:1',
    `http://127.0.0.1:${port}0`,
    `http://127.0.0.1:${port}/`,
    `http://127.0.0.1:${port}.evil.test`,
    `http://127.0.0.1:${port}@evil.test`,
    `http://evil@127.0.0.1:${port}`,
    `https://127.0.0.1:${port}`,
    `https://localhost:${port}`,
    `ws://127.0.0.1:${port}`,
    `HTTP://127.0.0.1:${port}`,
    `http://127.0.0.1.:${port}`,
    `http://localhost.:${port}`,
    `http://127.0.0.2:${port}`,
    `http://127.1:${port}`,
    `http://[::1]:${port}`,
    `http://[::ffff:127.0.0.1]:${port}`,
    `http://0.0.0.0:${port}`,
    `http://192.0.2.7:${port}`,
    'file://',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    `http://127.0.0.1:${port}, http://evil.test`,
    `http://127.0.0.1:${port} http://evil.test`,
  ]
}

test('guard 1: a foreign Origin gets 403 for any method and any path, even with the right token', async () => {
  for (const url of [guarded, open])
    await refused('origin', () =>
      expectAll(403, [
        ...foreignOrigins(url).flatMap((origin) =>
          [`GET /events`, 'POST /events', 'POST /call/system.stop'].map((start) => ({
            name: `${start} ${origin}`,
            send: () =>
              request(
                url,
                start,
                [`Origin: ${origin}`, bearer(), json],
                start === 'GET /events' ? '' : event,
              ),
          })),
        ),
        ...methods.flatMap((method) =>
          paths.map((path) => ({
            name: `${method} ${path}`,
            send: () => request(url, `${method} ${path}`, ['Origin: https://evil.test', bearer()]),
          })),
        ),
        ...[
          [`Origin: http://${hostOf(url)}`, 'Origin: http://evil.test'],
          ['Origin: http://evil.test', `Origin: http://${hostOf(url)}`],
        ].map((headers) => ({ name: 'two origins', send: () => request(url, 'GET /events', headers) })),
      ]),
    )
}, 60_000)

test('guard 1: the open paths answer anyone, and an Origin of ours is none that is foreign', async () => {
  const { port } = new URL(open)
  await refused('origin', async () => {
    await expectAll(200, [
      ...openPaths.map((path) => ({
        name: path,
        send: () => request(guarded, `GET ${path}`, ['Origin: https://evil.test']),
      })),
      ...[
        `http://127.0.0.1:${port}`,
        `http://localhost:${port}`,
        'https://paid.example.test',
        'http://paid.example.test',
        `http://paid.example.test:${port}`,
      ].map((origin) => ({ name: origin, send: () => request(open, 'GET /events', [`Origin: ${origin}`]) })),
    ])
    return 0
  })
})

test('guard 2: a WebSocket of a foreign Origin gets 403 before its upgrade, on every path', async () => {
  for (const url of [guarded, open])
    await refused('origin', () =>
      expectAll(403, [
        ...[...paths, ...openPaths].map((path) => ({
          name: path,
          send: () => request(url, `GET ${path}`, [...upgrade, 'Origin: https://evil.test', bearer()]),
        })),
        ...foreignOrigins(url).map((origin) => ({
          name: origin,
          send: () => request(url, `GET /ws?token=${daemon.token}`, [...upgrade, `Origin: ${origin}`]),
        })),
      ]),
    )
})

test('guard 2: a WebSocket of our own Origin is upgraded, with a token where one is asked for', async () => {
  const own = (url: string) => `Origin: http://${hostOf(url)}`
  expect((await request(open, 'GET /ws', [...upgrade, own(open)])).status).toBe(101)
  expect((await request(guarded, 'GET /ws', [...upgrade, own(guarded)])).status).toBe(401)
  expect((await request(guarded, `GET /ws?token=${daemon.token}`, [...upgrade, own(guarded)])).status).toBe(
    101,
  )
})

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
  for (const url of [guarded, open]) {
    const { port } = new URL(url)
    await refused('host', () =>
      expectAll(403, [
        ...foreignHosts(port).flatMap((host) =>
          ['GET /events', 'GET /health', 'POST /events'].map((start) => ({
            name: `${start} of ${host}`,
            send: () => sendRaw(url, [`${start} HTTP/1.1`, `Host: ${host}`, bearer(), json]),
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
        ].map((lines) => ({ name: lines.join(' | '), send: () => sendRaw(url, [...lines, bearer()]) })),
      ]),
    )
    await expectAll(400, [
      { name: 'none', send: () => sendRaw(url, ['GET /events HTTP/1.1', bearer()]) },
      {
        name: 'folded',
        send: () => sendRaw(url, ['GET /events HTTP/1.1', 'Host: evil.test', ` ${hostOf(url)}`]),
      },
      { name: 'spaced', send: () => sendRaw(url, ['GET /events HTTP/1.1', `Host : ${hostOf(url)}`]) },
    ])
  }
}, 60_000)

test('guard 3: the names we listen as, and those of the configuration, are answered', async () => {
  const { port } = new URL(open)
  const names = [`127.0.0.1:${port}`, `localhost:${port}`, 'paid.example.test', `paid.example.test:${port}`]
  await expectAll(
    200,
    names.map((name) => ({
      name,
      send: () => sendRaw(open, ['GET /events HTTP/1.1', `Host: ${name}`]),
    })),
  )
  const owner = await sendRaw(daemon.httpSocket, ['GET /events HTTP/1.1', 'Host: anything.at.all'])
  expect(owner.status).toBe(200)
})

test('guard 3: a listener of IPv6 goes by its own form alone', async () => {
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
}, 30_000)

const simpleTypes = [
  [],
  ['Content-Type:'],
  ['Content-Type: text/plain'],
  ['Content-Type: text/plain;charset=UTF-8'],
  ['Content-Type: text/plain; application/json'],
  ['Content-Type: text/plain, application/json'],
  ['Content-Type: application/json, text/plain'],
  ['Content-Type: application/jsonp'],
  ['Content-Type: application/x-www-form-urlencoded'],
  ['Content-Type: application/x-www-form-urlencoded; a=application/json'],
  ['Content-Type: multipart/form-data; boundary=application/json'],
  ['Content-Type: application/json', 'Content-Type: text/plain'],
  ['Content-Type: text/plain', 'Content-Type: application/json'],
]

test('guard 4: a "simple" cross-site POST gets 415 and does nothing, whatever its path', async () => {
  const posted = paths.map((path) => `POST ${path}`).filter((start) => start !== 'POST /ws')
  await refused('type', () =>
    expectAll(
      415,
      posted.flatMap((start) =>
        simpleTypes.flatMap((type) =>
          [event, ''].map((body) => ({
            name: `${start} ${type.join(' | ')} "${body}"`,
            send: () => request(open, start, [...type, `Cookie: token=${daemon.token}`], body),
          })),
        ),
      ),
    ),
  )
}, 30_000)

test('guard 4: where a token is asked for, a page without one is refused; who shows it may send any type', async () => {
  const types = simpleTypes.slice(0, 4)
  const send =
    (type: string[], more: string[], start = 'POST /events') =>
    () =>
      request(guarded, start, [...type, ...more], event)
  // beyond some failures the address waits, so only a few
  await expectAll(401, [
    ...types.map((type) => ({ name: type.join(), send: send(type, []) })),
    { name: 'in the query', send: send([json], [], `POST /events?token=${daemon.token}`) },
  ])
  await expectAll(
    200,
    types.map((type) => ({ name: type.join(), send: send(type, [bearer()]) })),
  )
})

test('guard 4: nothing is changed by GET, HEAD or a method in disguise', async () => {
  const before = (await status()).log.head
  for (const start of ['GET /call/event.publish?type=x', 'HEAD /call/system.stop', 'GET /hooks/claude'])
    expect((await request(open, start)).status).toBe(405)
  for (const start of ['GET /events?_method=POST&type=x', 'HEAD /events', 'GET /events'])
    expect((await request(open, start, ['X-HTTP-Method-Override: POST', json], event)).status).toBe(200)
  expect((await status()).log.head).toBe(before)
})

test('guard 4: an address without a token gives nobody the right to administer', async () => {
  expect((await request(open, 'POST /call/system.stop', [json], '{}')).status).toBe(403)
  expect((await request(open, 'POST /call/system.stop', [json, 'X-Paid-Name: owner'], '{}')).status).toBe(403)
  expect((await status()).log.head).toBeGreaterThan(0)
})

const kinds: Record<string, string[]> = {
  image: ['Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: image'],
  script: ['Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: script'],
  link: ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document', 'Sec-Fetch-User: ?1'],
  frame: ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: iframe'],
  fetch: ['Sec-Fetch-Mode: cors', 'Sec-Fetch-Dest: empty'],
  websocket: [...upgrade, 'Sec-Fetch-Mode: websocket', 'Sec-Fetch-Dest: websocket'],
}

test('guard 5: what a browser says comes from another site gets 403, also without an Origin', async () => {
  for (const url of [guarded, open])
    await refused('site', () =>
      expectAll(403, [
        ...['cross-site', 'same-site', 'Same-Origin', 'same-origin, cross-site', ''].flatMap((site) =>
          Object.entries(kinds).flatMap(([kind, headers]) =>
            paths.map((path) => ({
              name: `${kind} ${path} ${site}`,
              send: () => request(url, `GET ${path}`, [...headers, `Sec-Fetch-Site: ${site}`, bearer()]),
            })),
          ),
        ),
        {
          name: 'form',
          send: () => request(url, 'POST /events', [json, 'Sec-Fetch-Site: cross-site', bearer()], event),
        },
        {
          name: 'two sites',
          send: () =>
            request(url, 'GET /events', [
              'Sec-Fetch-Site: same-origin',
              'Sec-Fetch-Site: cross-site',
              bearer(),
            ]),
        },
      ]),
    )
}, 60_000)

test('guard 5: an address typed into the browser, and what our own page then asks, pass the wall', async () => {
  const before = (await status()).refused['site'] ?? 0
  for (const site of ['none', 'same-origin'])
    expect(
      (await request(open, 'GET /events', [...(kinds['link'] ?? []), `Sec-Fetch-Site: ${site}`])).status,
    ).toBe(200)
  expect((await request(open, 'GET /', [...(kinds['link'] ?? []), 'Sec-Fetch-Site: none'])).status).not.toBe(
    403,
  )
  expect((await status()).refused['site'] ?? 0).toBe(before)
})

test('guard 6: no answer opens us to another site, least of all a preflight', async () => {
  const origins = (url: string) => ['https://evil.test', 'null', `http://${hostOf(url)}`]
  const preflight = [
    'Access-Control-Request-Method: POST',
    'Access-Control-Request-Headers: authorization, content-type',
    'Access-Control-Request-Private-Network: true',
    'Access-Control-Request-Local-Network: true',
  ]
  for (const url of [guarded, open])
    for (const path of [...paths, ...openPaths])
      for (const method of ['OPTIONS', 'GET', 'POST'])
        for (const origin of origins(url)) {
          const more = method === 'OPTIONS' ? preflight : [json]
          const answer = await request(
            url,
            `${method} ${path}`,
            [...more, `Origin: ${origin}`, bearer()],
            method === 'POST' ? '[]' : '',
          )
          expect(answer.headers).not.toMatch(/^(access-control|timing-allow-origin|cross-origin|p3p)/m)
          if (method === 'OPTIONS') expect(answer.status).toBeGreaterThanOrEqual(400)
        }
}, 60_000)

test('guard 7: a cookie authorises nothing', async () => {
  const { token } = daemon
  const cookie = `Cookie: token=${token}; paid=${token}; Authorization=Bearer ${token}; x-api-key=${token}`
  const own = `Origin: http://${hostOf(guarded)}`
  expect((await request(guarded, 'GET /events', [cookie, own])).status).toBe(401)
  expect((await request(guarded, 'POST /events', [cookie, own, json], event)).status).toBe(401)
  expect((await request(guarded, 'GET /ws', [cookie, own, ...upgrade])).status).toBe(401)
  expect((await request(open, 'POST /events', [cookie], event)).status).toBe(415)
  expect((await request(open, 'GET /events', [cookie])).headers).not.toContain('set-cookie')
})

test('guard 8: the open paths tell that we are up, and nothing of whose machine this is', async () => {
  const keys: Record<string, string[]> = {
    '/health': ['status', 'version', 'uptime'],
    '/ready': ['ready', 'version'],
    '/version': ['name', 'version', 'buildTime', 'runtime', 'runtimeVersion'],
  }
  for (const [path, expected] of Object.entries(keys)) {
    const answer = await request(guarded, `GET ${path}`)
    expect(Object.keys(JSON.parse(answer.body))).toEqual(expected)
    for (const secret of [String(daemon.pid), daemon.home, '/'])
      expect(`${answer.headers.replaceAll('application/json', '')}${answer.body}`).not.toContain(secret)
    expect(answer.headers).not.toMatch(/^(server|x-powered-by|etag|last-modified)/m)
  }
})

test('guard 8: a refusal is the same for a path that exists and one that does not', async () => {
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
