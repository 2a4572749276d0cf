// paid and n8n, in both directions, against the compiled binary: in order, at least once, through failures, restarts and
// kill -9, and never in a ring. n8n is a stand-in that asks and answers as its nodes do.

import { afterEach, beforeEach, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { rmSync } from 'node:fs'
import { z } from 'zod'
import { follow } from '../../src/client/follow.ts'
import { unixLine } from '../../src/client/lines/unix.ts'
import { eventId, seqOfId, type Event } from '../../src/protocol/event.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { httpRequestNode, type N8n, openN8n } from '../support/n8n.ts'

const secret = 'a value of your own'
let home: string
let daemon: TestDaemon
let n8n: N8n

const start = async () => {
  daemon = await startDaemon({ home })
}
beforeEach(async () => {
  home = temporaryHome()
  n8n = openN8n({ path: 'from-paid', header: 'x-paid-secret', secret })
  await start()
})
afterEach(async () => {
  await daemon.stop()
  await n8n[Symbol.asyncDispose]()
  rmSync(home, { recursive: true, force: true })
})

const paid = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await daemon.run(args)
  expect({ args, code, stderr: code === 0 ? '' : stderr }).toEqual({ args, code: 0, stderr: '' })
  return stdout.trim()
}

/** As the README has it. */
const tellN8n = async (...on: string[]): Promise<void> => {
  const add = ['actions', 'add', 'tell-n8n', '--http', 'POST', n8n.url, '--header-stdin']
  expect(await daemon.run(add, { stdin: `x-paid-secret: ${secret}\n` })).toMatchObject({ code: 0 })
  await paid('rules', 'add', 'tell', ...on.flatMap((kind) => ['--on', kind]), '--do', 'tell-n8n')
}
const emit = (type: string, data: object = {}): Promise<string> => paid('emit', type, JSON.stringify(data))
const events = async (...filter: string[]): Promise<Record<string, unknown>[]> =>
  JSON.parse(await paid('events', '--json', ...filter))
const rule = async (): Promise<Record<string, unknown>> =>
  JSON.parse(await paid('rules', 'show', 'tell', '--json'))

/** The same without what came again at once. */
const once = (ids: readonly string[]): string[] => ids.filter((id, n) => id !== ids[n - 1])
const heard = (id: string) => n8n.until(() => n8n.ids().includes(id))

/** The first such event, from the log or as it comes. */
const first = async (wanted: { channel: string; type: string; since: string }): Promise<Event> => {
  const stop = new AbortController()
  try {
    const { signal } = stop
    for await (const event of follow(wanted, { open: unixLine(daemon.socket), signal })) return event
    throw new Error('the daemon is gone')
  } finally {
    stop.abort()
  }
}

/** An HTTP Request node with paid's token, and whatever headers its user gave it. */
const fromN8n = (body: unknown, headers: Record<string, string> = {}) =>
  httpRequestNode(`${daemon.url}/events`, {
    body,
    headers: { authorization: `Bearer ${daemon.token}`, 'x-paid-name': 'n8n', ...headers },
  })

test('n8n is told of each matching event, in order, also when it answers 500 first', async () => {
  n8n.failNext(2)
  await tellN8n('type=Stop', 'channel=board:*')
  const ids = [await emit('Stop', { n: 1 }), await emit('Stop', { n: 2 })]
  await emit('Start')
  ids.push(await paid('publish', 'board:main', '{"n":3}', '--store'))
  await heard(ids[2] ?? '')
  expect(n8n.ids()).toEqual(ids)
  expect(n8n.asked()).toBe(5)
  expect(n8n.items[0]).toEqual({
    headers: expect.objectContaining({
      'content-type': 'application/json',
      'x-paid-secret': secret,
      'x-paid-cause': `rule:tell/${ids[0]}`,
    }),
    query: {},
    body: expect.objectContaining({ id: ids[0], type: 'Stop', channel: 'events', data: { n: 1 } }),
  })
}, 60_000)

test('nothing is lost while n8n is down, and when the daemon is killed meanwhile', async () => {
  await tellN8n('type=Stop')
  const ids = [await emit('Stop')]
  await first({ channel: 'action:tell-n8n', type: 'action.finished', since: ids[0] ?? '' })
  await n8n.stop()
  for (let n = 0; n < 5; n++) ids.push(await emit('Stop', { n }))
  expect(await rule()).toMatchObject({ backlog: 5, setAside: 0 })
  await daemon.kill('SIGKILL')
  await start()
  ids.push(await emit('Stop'))
  n8n.start()
  await heard(ids.at(-1) ?? '')
  expect(once(n8n.ids())).toEqual(ids)
}, 60_000)

test('a daemon that is killed again and again tells of every event, in order', async () => {
  await tellN8n('type=Stop')
  const ids: string[] = []
  for (let round = 0; round < 4; round++) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => fromN8n({ type: 'Stop', metadata: { round } })),
    )
    const seqs = await Promise.all(
      answers.map(async (answer) =>
        seqOfId(z.object({ eventId: z.string() }).parse(await answer.json()).eventId),
      ),
    )
    ids.push(
      ...seqs
        .map(Number)
        .toSorted((a, b) => a - b)
        .map(eventId),
    )
    // in the middle of it
    await n8n.until((items) => items.length > round * 20 + 5)
    await daemon.kill('SIGKILL')
    await start()
  }
  await heard(ids.at(-1) ?? '')
  expect(once(n8n.ids())).toEqual(ids)
  expect(n8n.ids().length).toBeLessThanOrEqual(ids.length + 2 * 4)
}, 60_000)

test('what n8n posts back does not run the rule that told it, though all else does', async () => {
  await tellN8n('type=Stop')
  const answers: unknown[] = []
  n8n.workflow = async ({ headers }) => {
    const back = await fromN8n({ type: 'Stop' }, { 'x-paid-cause': headers['x-paid-cause'] ?? '' })
    answers.push(await back.json())
  }
  const first = await emit('Stop')
  await heard(first)
  await n8n.executed()
  expect(answers).toEqual([{ ok: true, eventId: expect.stringMatching(/^evt_\d+$/) }])
  const second = await emit('Stop')
  await heard(second)
  await n8n.executed()
  expect(n8n.ids()).toEqual([first, second])
  expect(await events('--type', 'Stop')).toMatchObject([
    { id: first },
    { by: 'http:n8n?', origin: { cause: `rule:tell/${first}` } },
    { id: second },
    { by: 'http:n8n?', origin: { cause: `rule:tell/${second}` } },
  ])
}, 60_000)

test('an HTTP Request node that tries again has posted one event', async () => {
  const key = { 'idempotency-key': 'order-231-0' }
  const order = { type: 'order.paid', metadata: { order: 7 } }
  const [first, again] = [await fromN8n(order, key), await fromN8n(order, key)]
  expect(first.status).toBe(200)
  expect(await again.json()).toEqual(await first.json())
  expect(await events('--type', 'order.paid')).toHaveLength(1)
}, 60_000)

test('an HTTP Request node calls a webhook, by its secret or by the signature that a Crypto node made', async () => {
  const add = async (name: string, scheme: string) => {
    const ran = await daemon.run(
      ['webhooks', 'add', name, '--scheme', scheme, '--secret-stdin', '--publish', 'orders'],
      { stdin: `${secret}-${name}\n` },
    )
    expect(ran).toMatchObject({ code: 0 })
  }
  await add('plain', 'header')
  await add('signed', 'github')
  const body = { order: 7 }
  const plain = await httpRequestNode(`${daemon.url}/webhook/plain`, {
    body,
    headers: { 'x-webhook-secret': `${secret}-plain` },
  })
  expect({ status: plain.status, body: await plain.json() }).toMatchObject({
    status: 200,
    body: { success: true },
  })
  const made = createHmac('sha256', `${secret}-signed`).update(JSON.stringify(body)).digest('hex')
  const signed = await httpRequestNode(`${daemon.url}/webhook/signed`, {
    body,
    headers: { 'x-hub-signature-256': `sha256=${made}`, 'x-github-delivery': '231-0' },
  })
  expect(signed.status).toBe(200)
  expect(await events('--channel', 'orders')).toMatchObject([
    { type: 'plain', data: { order: 7 } },
    { type: 'signed', data: { order: 7 } },
  ])
}, 60_000)

test('a webhook of paid that n8n calls passes the cause on too', async () => {
  await tellN8n('channel=orders')
  await daemon.run(
    ['webhooks', 'add', 'back', '--scheme', 'header', '--secret-stdin', '--publish', 'orders'],
    {
      stdin: 'a secret that is long enough',
    },
  )
  const statuses: number[] = []
  n8n.workflow = async ({ headers }) => {
    const answer = await httpRequestNode(`${daemon.url}/webhook/back`, {
      body: { from: 'n8n' },
      headers: {
        'x-webhook-secret': 'a secret that is long enough',
        'x-paid-cause': headers['x-paid-cause'] ?? '',
      },
    })
    statuses.push(answer.status)
  }
  const first = await paid('publish', 'orders', '{"n":1}', '--store')
  await heard(first)
  await n8n.executed()
  expect(statuses).toEqual([200])
  const second = await paid('publish', 'orders', '{"n":2}', '--store')
  await heard(second)
  expect(n8n.ids()).toEqual([first, second])
}, 60_000)

test('a wrong secret stops nobody: the event is set aside with what n8n said, and can be sent once more', async () => {
  const add = (value: string) =>
    paid(
      'actions',
      'add',
      'tell-n8n',
      '--http',
      'POST',
      n8n.url,
      '--header',
      `x-paid-secret=${value}`,
      '--replace',
    )
  await add('wrong')
  await paid('rules', 'add', 'tell', '--on', 'type=Stop', '--do', 'tell-n8n', '--retries', '0')
  const id = await emit('Stop')
  const told = await first({ channel: 'rule:tell', type: 'rule.set_aside', since: id })
  expect(told.data).toMatchObject({
    event: id,
    error: expect.stringContaining('Authorization data is wrong!'),
  })
  expect(JSON.stringify(await rule())).not.toContain(secret)
  expect(await rule()).toMatchObject({ setAside: 1, backlog: 0, aside: [{ event: id, attempts: 1 }] })
  await add(secret)
  expect(await paid('rules', 'retry', 'tell')).toBe(id)
  expect(n8n.ids()).toEqual([id])
  expect(await rule()).toMatchObject({ setAside: 0, aside: [] })
}, 60_000)
