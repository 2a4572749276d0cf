// Guards 4 and 7: a hostile page that sends what needs no preflight, with whatever the browser adds by itself.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { hostOf, upgrade } from '../support/raw-http.ts'
import { event, expectAll, json, openWalled, paths, request, type Walled } from '../support/walled.ts'

let walled: Walled
beforeAll(async () => {
  walled = await openWalled()
}, 30_000)
afterAll(() => walled.daemon.stop())

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
  const { open } = walled
  const posted = paths.map((path) => `POST ${path}`).filter((start) => start !== 'POST /ws')
  await walled.refused('type', () =>
    expectAll(
      415,
      posted.flatMap((start) =>
        simpleTypes.flatMap((type) =>
          [event, ''].map((body) => ({
            name: `${start} ${type.join(' | ')} "${body}"`,
            send: () => request(open, start, [...type, `Cookie: token=${walled.daemon.token}`], body),
          })),
        ),
      ),
    ),
  )
}, 30_000)

test('guard 4: where a token is asked for, a page without one is refused; who shows it may send any type', async () => {
  const { guarded } = walled
  const types = simpleTypes.slice(0, 4)
  const send =
    (type: string[], more: string[], start = 'POST /events') =>
    () =>
      request(guarded, start, [...type, ...more], event)
  // beyond some failures the address waits, so only a few
  await expectAll(401, [
    ...types.map((type) => ({ name: type.join(), send: send(type, []) })),
    { name: 'in the query', send: send([json], [], `POST /events?token=${walled.daemon.token}`) },
  ])
  await expectAll(
    200,
    types.map((type) => ({ name: type.join(), send: send(type, [walled.bearer]) })),
  )
})

test('guard 4: nothing is changed by GET, HEAD or a method in disguise', async () => {
  const { open } = walled
  const before = (await walled.status()).log.head
  for (const start of ['GET /call/event.publish?type=x', 'HEAD /call/system.stop', 'GET /hooks/claude'])
    expect((await request(open, start)).status).toBe(405)
  for (const start of ['GET /events?_method=POST&type=x', 'HEAD /events', 'GET /events'])
    expect((await request(open, start, ['X-HTTP-Method-Override: POST', json], event)).status).toBe(200)
  expect((await walled.status()).log.head).toBe(before)
})

test('guard 4: an address without a token gives nobody the right to administer', async () => {
  const { open } = walled
  expect((await request(open, 'POST /call/system.stop', [json], '{}')).status).toBe(403)
  expect((await request(open, 'POST /call/system.stop', [json, 'X-Paid-Name: owner'], '{}')).status).toBe(403)
  expect((await walled.status()).log.head).toBeGreaterThan(0)
})

test('guard 7: a cookie authorises nothing', async () => {
  const { guarded, open } = walled
  const { token } = walled.daemon
  const cookie = `Cookie: token=${token}; paid=${token}; Authorization=Bearer ${token}; x-api-key=${token}`
  const own = `Origin: http://${hostOf(guarded)}`
  expect((await request(guarded, 'GET /events', [cookie, own])).status).toBe(401)
  expect((await request(guarded, 'POST /events', [cookie, own, json], event)).status).toBe(401)
  expect((await request(guarded, 'GET /ws', [cookie, own, ...upgrade])).status).toBe(401)
  expect((await request(open, 'POST /events', [cookie], event)).status).toBe(415)
  expect((await request(open, 'GET /events', [cookie])).headers).not.toContain('set-cookie')
})
