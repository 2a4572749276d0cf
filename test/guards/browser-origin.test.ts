// Guards 1, 2, 5 and 6: a hostile page that says where it comes from. Requests are written by hand, as a page or a
// tampering extension could have them sent; the wall stands before any token, and before every path.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { hostOf, upgrade } from '../support/raw-http.ts'
import {
  event,
  expectAll,
  json,
  openPaths,
  openWalled,
  paths,
  request,
  type Walled,
} from '../support/walled.ts'

let walled: Walled
beforeAll(async () => {
  walled = await openWalled()
}, 30_000)
afterAll(() => walled.daemon.stop())

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']

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
  const { guarded, open } = walled
  for (const url of [guarded, open])
    await walled.refused('origin', () =>
      expectAll(403, [
        ...foreignOrigins(url).flatMap((origin) =>
          [`GET /events`, 'POST /events', 'POST /call/system.stop'].map((start) => ({
            name: `${start} ${origin}`,
            send: () =>
              request(
                url,
                start,
                [`Origin: ${origin}`, walled.bearer, json],
                start === 'GET /events' ? '' : event,
              ),
          })),
        ),
        ...methods.flatMap((method) =>
          paths.map((path) => ({
            name: `${method} ${path}`,
            send: () => request(url, `${method} ${path}`, ['Origin: https://evil.test', walled.bearer]),
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
  const { guarded, open } = walled
  const { port } = new URL(open)
  await walled.refused('origin', async () => {
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
  const { guarded, open } = walled
  for (const url of [guarded, open])
    await walled.refused('origin', () =>
      expectAll(403, [
        ...[...paths, ...openPaths].map((path) => ({
          name: path,
          send: () => request(url, `GET ${path}`, [...upgrade, 'Origin: https://evil.test', walled.bearer]),
        })),
        ...foreignOrigins(url).map((origin) => ({
          name: origin,
          send: () => request(url, `GET /ws?token=${walled.daemon.token}`, [...upgrade, `Origin: ${origin}`]),
        })),
      ]),
    )
})

test('guard 2: a WebSocket of our own Origin is upgraded, with a token where one is asked for', async () => {
  const { guarded, open } = walled
  const own = (url: string) => `Origin: http://${hostOf(url)}`
  expect((await request(open, 'GET /ws', [...upgrade, own(open)])).status).toBe(101)
  expect((await request(guarded, 'GET /ws', [...upgrade, own(guarded)])).status).toBe(401)
  expect(
    (await request(guarded, `GET /ws?token=${walled.daemon.token}`, [...upgrade, own(guarded)])).status,
  ).toBe(101)
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
  const { guarded, open } = walled
  for (const url of [guarded, open])
    await walled.refused('site', () =>
      expectAll(403, [
        ...['cross-site', 'same-site', 'Same-Origin', 'same-origin, cross-site', ''].flatMap((site) =>
          Object.entries(kinds).flatMap(([kind, headers]) =>
            paths.map((path) => ({
              name: `${kind} ${path} ${site}`,
              send: () => request(url, `GET ${path}`, [...headers, `Sec-Fetch-Site: ${site}`, walled.bearer]),
            })),
          ),
        ),
        {
          name: 'form',
          send: () =>
            request(url, 'POST /events', [json, 'Sec-Fetch-Site: cross-site', walled.bearer], event),
        },
        {
          name: 'two sites',
          send: () =>
            request(url, 'GET /events', [
              'Sec-Fetch-Site: same-origin',
              'Sec-Fetch-Site: cross-site',
              walled.bearer,
            ]),
        },
      ]),
    )
}, 60_000)

test('guard 5: an address typed into the browser, and what our own page then asks, pass the wall', async () => {
  const { open } = walled
  const before = (await walled.status()).refused['site'] ?? 0
  for (const site of ['none', 'same-origin'])
    expect(
      (await request(open, 'GET /events', [...(kinds['link'] ?? []), `Sec-Fetch-Site: ${site}`])).status,
    ).toBe(200)
  expect((await request(open, 'GET /', [...(kinds['link'] ?? []), 'Sec-Fetch-Site: none'])).status).not.toBe(
    403,
  )
  expect((await walled.status()).refused['site'] ?? 0).toBe(before)
})

test('guard 6: no answer opens us to another site, least of all a preflight', async () => {
  const { guarded, open } = walled
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
            [...more, `Origin: ${origin}`, walled.bearer],
            method === 'POST' ? '[]' : '',
          )
          expect(answer.headers).not.toMatch(/^(access-control|timing-allow-origin|cross-origin|p3p)/m)
          if (method === 'OPTIONS') expect(answer.status).toBeGreaterThanOrEqual(400)
        }
}, 60_000)

test('guard 6: an origin that was let in is named to its own pages, where pages ask, and nowhere else', async () => {
  const { guarded, open } = walled
  const named = /^access-control-allow-origin: (.*)$/m
  const from = (origin: string) => [`Origin: ${origin}`, 'Sec-Fetch-Site: cross-site']
  const preflight = ['Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: content-type']
  const page = 'https://paid.example.test'
  for (const path of ['/sessions', '/sessions/x', '/sessions/x/tasks', '/status', '/health']) {
    const answer = await request(guarded, `OPTIONS ${path}`, [...preflight, ...from(page)])
    expect([answer.status, named.exec(answer.headers)?.[1]]).toEqual([204, page])
    const foreign = await request(guarded, `OPTIONS ${path}`, [...preflight, ...from('https://evil.test')])
    expect(foreign.headers).not.toMatch(/^access-control/m)
  }
  const read = await request(open, 'GET /sessions', from(page))
  expect([read.status, named.exec(read.headers)?.[1]]).toEqual([200, page])
  expect(read.headers).toMatch(/^vary: origin$/m)
  expect(read.headers).not.toMatch(/allow-credentials/)
  expect((await request(guarded, 'GET /sessions', from(page))).status).toBe(401)
  for (const path of [...paths, '/ready', '/version'])
    for (const method of ['OPTIONS', 'GET'])
      expect((await request(open, `${method} ${path}`, [...preflight, ...from(page)])).headers).not.toMatch(
        /^access-control/m,
      )
})
