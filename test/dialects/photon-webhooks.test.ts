// The numbered cases of the photon daemon's webhooks, as requests to the running binary.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { openConversation } from '../support/conversation.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { head, statuses } from '../support/http-text.ts'
import { hostOf, sendRaw } from '../support/raw-http.ts'
import { addWebhook, call, deliveriesOf, secret, send } from '../support/webhooks.ts'
import { openWire } from '../support/wire.ts'

const maxBody = 64 * 1024

let daemon: TestDaemon
/** where webhooks alone are served */
let only: string

beforeAll(async () => {
  const webhooks = { listen: ['127.0.0.1:0'], ratePerMinute: 10_000 }
  daemon = await startDaemon({ config: { webhooks, http: { maxBody } } })
  const status = JSON.parse((await daemon.run(['status', '--json'])).stdout)
  only = status.webhookUrls[0]
  // gives back what it is given
  await call(daemon, 'action.add', { name: 'handleGithubPush', kind: 'command', command: ['/bin/cat'] })
  await call(daemon, 'action.add', {
    name: 'boom',
    kind: 'command',
    command: ['/bin/sh', '-c', `echo "boom happened, not with ${secret}" >&2; exit 3`],
  })
  await addWebhook(daemon, 'handleGithubPush', '--do', 'handleGithubPush')
  await addWebhook(daemon, 'boom', '--do', 'boom')
  await addWebhook(daemon, 'nosuch', '--do', 'nosuch')
  await addWebhook(daemon, 'ci', '--publish', 'ci')
})
afterAll(() => daemon.stop())

/** Every address that the daemon is reached at. */
const addresses = () => [daemon.url, only]

test('53: a webhook runs its action with what was sent and how it came, and answers with the result', async () => {
  for (const address of addresses()) {
    const sent = Date.now()
    const answer = await send(address, '/webhook/handleGithubPush?from=a&x=1', '{"ref":"x"}', {
      'X-GitHub-Event': 'push',
      'content-type': 'text/plain',
    })
    expect(answer).toMatchObject({
      status: 200,
      body: {
        success: true,
        data: {
          ref: 'x',
          _webhook: {
            method: 'POST',
            headers: { 'x-github-event': 'push', host: new URL(address).host },
            query: { from: 'a', x: '1' },
            timestamp: expect.any(Number),
          },
        },
      },
    })
    const { data } = JSON.parse(answer.text)
    expect(data._webhook.timestamp).toBeGreaterThanOrEqual(sent)
  }
})

test('53: an empty body is {}, an array passes as it is, and the query is not mixed into what was sent', async () => {
  const path = '/webhook/handleGithubPush'
  const empty = await send(daemon.url, `${path}?ref=q`, '')
  expect(empty.body).toEqual({
    success: true,
    data: { _webhook: expect.objectContaining({ query: { ref: 'q' } }) },
  })
  expect((await send(daemon.url, path, '[1,{"a":2}]')).body).toEqual({ success: true, data: [1, { a: 2 }] })
})

test('53: what fails is a 500 with its reason and without the secret; so is an action that is not there', async () => {
  const boom = await send(daemon.url, '/webhook/boom')
  expect(boom.status).toBe(500)
  expect(boom.body).toEqual({ error: expect.stringContaining('boom happened') })
  expect(boom.text).not.toContain(secret)
  expect(await send(daemon.url, '/webhook/nosuch')).toMatchObject({
    status: 500,
    body: { error: 'There is no action "nosuch"' },
  })
})

describe('54: the secret', () => {
  const latin1 = (text: string) => Buffer.from(text).toString('latin1')
  test.each([
    ['empty', ''],
    ['a wrong one', 'wrong'],
    ['a wrong one of the same length', secret.replace('only', 'ONLY')],
    [
      'one of the same length in characters, not in bytes',
      latin1(secret.replace('o', 'é')).slice(0, secret.length),
    ],
    ['a prefix of it', secret.slice(0, -1)],
    ['it, and more', `${secret}x`],
    ['eight thousand characters', 'x'.repeat(8000)],
  ])('%s is a 401, promptly', async (_, shown) => {
    const answer = await send(daemon.url, '/webhook/handleGithubPush', '{}', { 'x-webhook-secret': shown })
    expect(answer).toMatchObject({ status: 401, body: { error: 'Invalid webhook secret' } })
  })

  test('as bytes that are no text is a 401, and so is none at all', async () => {
    const start = [`POST /webhook/handleGithubPush HTTP/1.1`, `Host: ${hostOf(daemon.url)}`]
    for (const lines of [[], ['X-Webhook-Secret: ÿþ\u0080é€'], ['X-Webhook-Secret:']])
      expect(await sendRaw(daemon.url, [...start, ...lines], '{}')).toMatchObject({
        status: 401,
        body: '{"error":"Invalid webhook secret"}',
      })
  })

  test('is asked for before anything of the body is looked at, and the token is no secret', async () => {
    const headers = { 'x-webhook-secret': '', authorization: `Bearer ${daemon.token}` }
    expect((await send(daemon.url, '/webhook/ci', '{no json', headers)).status).toBe(401)
  })
})

describe('55: what is no delivery', () => {
  test.each(['{no json', 'a=1&b=2', 'null', '"text"', '7', 'true', '{"a":1}{"b":2}'])(
    'the body %p is a 400',
    async (body) => {
      expect(await send(daemon.url, '/webhook/ci', body)).toMatchObject({
        status: 400,
        body: { error: 'Invalid JSON body' },
      })
    },
  )

  test('a body nested deeper than any honest one is a 400, closed or not', async () => {
    for (const deep of ['['.repeat(5000), `${'['.repeat(5000)}${']'.repeat(5000)}`])
      expect((await send(daemon.url, '/webhook/ci', deep)).status).toBe(400)
  })

  test.each([
    '/',
    '/webhook',
    '/webhook/',
    '/webhook/nobody',
    '/webhook/a/b/c',
    '/webhook//ci',
    '/webhook/ci/',
    '/webhook/%zz',
  ])('%s is a 404', async (path) => {
    for (const method of ['POST', 'POST'])
      expect(await send(only, path, '{}', {}, method)).toMatchObject({
        status: 404,
        body: { error: 'Not found. Use /webhook/{name}' },
      })
    if (path !== '/') expect((await send(daemon.url, path)).status).toBe(404)
  })

  test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'])(
    '%s runs nothing: a 405 that says what is taken, for any name',
    async (method) => {
      const before = await deliveriesOf(daemon, 'ci')
      for (const address of addresses())
        for (const name of ['ci', 'nobody']) {
          const answer = await fetch(`${address}/webhook/${name}`, {
            method,
            headers: { 'x-webhook-secret': secret },
          })
          expect(answer.status).toBe(405)
          expect(answer.headers.get('allow')).toBe('POST')
        }
      expect(await deliveriesOf(daemon, 'ci')).toEqual(before)
    },
  )

  test('OPTIONS is a 204 and opens nothing to pages', async () => {
    for (const address of addresses()) {
      const answer = await fetch(`${address}/webhook/ci`, { method: 'OPTIONS' })
      expect(answer.status).toBe(204)
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })

  test.each([
    ['declared', `content-length: ${maxBody + 1}`, ''],
    [
      'in chunks',
      'transfer-encoding: chunked',
      `${(maxBody + 1).toString(16)}\r\n${' '.repeat(maxBody + 1)}\r\n`,
    ],
  ])('a body over the limit, %s, is a 413 that arrives', async (_, line, body) => {
    for (const address of addresses()) {
      await using wire = await openWire(address)
      wire.send(head({ url: address, token: '' }, 'POST', '/webhook/ci', `x-webhook-secret: ${secret}`, line))
      wire.send(body)
      const text = await wire.until('"}')
      expect(statuses(text)).toEqual([413])
      expect(text).toContain(`{"error":"The body is larger than ${maxBody} bytes"}`)
    }
  })
})

test('56: who listens for it hears of each webhook that was done, in its namespace', async () => {
  await using talk = openConversation(daemon.socket)
  await talk.play(`
    a > {"type":"subscribe","id":"s","channel":"webhooks:*"}
    a < {"type":"result","id":"s","success":true,"data":{"subscribed":true,"channel":"webhooks:*"}}`)
  const heard = `a < {"type":"channel_message","id":"ch_*","channel":"webhooks:*",
      "message":{"event":"webhook-received","method":"METHOD","timestamp":"#"}}`
  for (const name of ['handleGithubPush', 'ci']) {
    await send(daemon.url, '/webhook/boom')
    expect((await send(daemon.url, `/webhook/${name}`)).status).toBe(200)
    await talk.play(heard.replace('METHOD', name))
  }
  await talk.play('a .')
})
