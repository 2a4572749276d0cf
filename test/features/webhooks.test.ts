// The webhooks room: who is let in, what of a request is handed on, and which webhooks there are.

import { afterEach, beforeEach, describe, expect, spyOn, test } from 'bun:test'
import { sign } from '../../src/features/webhooks/schemes.ts'
import { refusal } from '../support/locks-room.ts'
import { openWebhooksRoom, secret } from '../support/webhooks-room.ts'

let room: Awaited<ReturnType<typeof openWebhooksRoom>>
beforeEach(async () => void (room = await openWebhooksRoom()))
afterEach(() => room[Symbol.dispose]())

const hour = 3600_000

describe('secrets', () => {
  test('two are valid for a while after a rotation, then one', async () => {
    await room.add('ci', { publish: 'ci' })
    const next = 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    await room.call(room.ann, 'webhook.rotate', { name: 'ci', secret: next, keep: hour })
    const statuses = async () => {
      const [old, fresh] = [await room.send('ci'), await room.send('ci', { key: next })]
      return [old.status, fresh.status]
    }
    expect(await statuses()).toEqual([200, 200])
    room.restart()
    expect(await statuses()).toEqual([200, 200])
    room.clocks.move(hour)
    expect(await statuses()).toEqual([401, 200])
    await room.call(room.ann, 'webhook.rotate', { name: 'ci', secret, keep: 0 })
    expect(await statuses()).toEqual([200, 401])
  })

  test('stand in the table of webhooks, and nowhere else', async () => {
    await room.add('ci', { publish: 'ci' })
    await room.call(room.ann, 'webhook.rotate', { name: 'ci', secret: `${secret}AAAA` })
    await room.send('ci', {
      headers: { 'x-other': `it is ${secret}`, authorization: 'Bearer x', cookie: 'a=b' },
    })
    await room.send('ci', { key: 'wrong', id: 'd2' })
    const { webhooks } = await room.call(room.ann, 'webhook.list', {})
    const told = [room.engine.delivered.map(({ json }) => json), webhooks, room.engine.diary.entries]
    expect(JSON.stringify(told)).not.toContain(secret)
    expect(JSON.stringify(told)).not.toMatch(/Bearer|a=b|sha256=/)
  })

  test('a name that does not exist is refused with the work of a wrong secret', async () => {
    await room.add('ci', { publish: 'ci' })
    const work = async (name: string) => {
      using update = spyOn(Bun.CryptoHasher.prototype, 'update')
      const { status } = await room.send(name, { key: 'wrong' })
      // the last are those of whoever judges; the sender of this test signs first
      return { status, hashed: update.mock.calls.filter(([bytes]) => bytes instanceof Uint8Array).length }
    }
    const [known, unknown] = [await work('ci'), await work('nobody')]
    expect([known.status, unknown.status]).toEqual([401, 404])
    expect(unknown.hashed).toBe(known.hashed)
  })
})

test('a signed timestamp may be as old as was said, and no older', async () => {
  const body = '{"id":"evt_1"}'
  const signedAgo = (ms: number) => ({
    scheme: 'stripe' as const,
    body,
    headers: sign('stripe', Buffer.from(body), secret, { now: room.clocks.wall - ms, delivery: 'd' }),
  })
  await room.add('usual', { scheme: 'stripe', publish: 'ci' })
  await room.add('patient', { scheme: 'stripe', publish: 'ci', tolerance: hour })
  const statuses = async (ms: number) => [
    (await room.send('usual', signedAgo(ms))).status,
    (await room.send('patient', signedAgo(ms))).status,
  ]
  expect(await statuses(300_000)).toEqual([200, 200])
  expect(await statuses(302_000)).toEqual([401, 200])
  expect(await statuses(hour + 2000)).toEqual([401, 401])
})

describe('where it comes from', () => {
  test.each([
    [
      ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'],
      ['10.255.0.1', '::ffff:10.1.2.3', '2001:db8:1::1', '192.0.2.7'],
      ['11.0.0.1', '::1', '192.0.2.8', 'nonsense', ''],
    ],
    [['0.0.0.0/0'], ['203.0.113.9', '127.0.0.1'], ['2001:db8::1']],
    [['::ffff:10.0.0.0/104'], ['10.9.9.9'], ['11.0.0.1']],
  ])('%p takes %p and not %p', async (allow, inside, outside) => {
    await room.add('ci', { publish: 'ci', allow })
    for (const address of inside) expect((await room.send('ci', { address })).status).toBe(200)
    for (const address of outside)
      expect(await room.send('ci', { address, headers: { 'x-forwarded-for': '10.0.0.1' } })).toMatchObject({
        status: 403,
        body: { error: 'Source IP not in webhook allowlist', sourceIp: address },
      })
  })

  test.each([
    '10.0.0.0/33',
    '10.0.0/8',
    'example.com',
    '10.0.0.1/',
    '::/129',
    '1.2.3.4/8/8',
    ' 1.2.3.4',
    'fe80::1%eth0',
    '-1',
  ])('%p is no network, and is refused', async (network) => {
    expect(await refusal(room.add('ci', { allow: [network] }))).toBe('bad_request')
  })

  test('without a secret it must be this machine, or where it was said', async () => {
    await room.add('open', { scheme: 'none', publish: 'ci' })
    await room.add('lan', { scheme: 'none', publish: 'ci', allow: ['192.168.0.0/16'] })
    const statuses = async (address: string) => [
      (await room.send('open', { scheme: 'none', address })).status,
      (await room.send('lan', { scheme: 'none', address })).status,
    ]
    expect(await statuses('127.0.0.1')).toEqual([200, 403])
    expect(await statuses('::1')).toEqual([200, 403])
    expect(await statuses('192.168.3.4')).toEqual([403, 200])
    using other = await openWebhooksRoom({ exposed: true })
    expect(await refusal(other.add('open', { scheme: 'none', publish: 'ci' }))).toBe('bad_request')
    await other.add('lan', { scheme: 'none', publish: 'ci', allow: ['192.168.0.0/16'] })
  })
})

test('what lets somebody in is not handed on, by whatever name it comes', async () => {
  await room.add('ci', { publish: 'ci' })
  const hidden = [
    'X-Api-Key',
    'X-Auth-Token',
    'Cookie',
    'Authorization',
    'Proxy-Authorization',
    'X-Amz-Security-Token',
    'Stripe-Signature',
    'X-Client-Secret',
    'X-My-Password',
  ]
  const query = 'a=1&a=2&token=t&api_key=k&apikey=k&sig=s&access_token=t&__proto__=p&x=%F0%9F%98%80'
  await room.send('ci', {
    query,
    headers: { 'X-Shown': 'yes', ...Object.fromEntries(hidden.map((name) => [name, 'hidden'])) },
  })
  const [event] = room.eventsOf('ci')
  expect(event?.data).toEqual({
    ref: 'x',
    _webhook: {
      method: 'POST',
      headers: { 'x-github-delivery': 'd1', 'x-shown': 'yes' },
      query: JSON.parse('{"a":"2","__proto__":"p","x":"😀"}'),
      timestamp: expect.any(Number),
    },
  })
})

test('a body’s own _webhook is not taken for ours, and __proto__ is a key like others', async () => {
  await room.add('ci', { publish: 'ci' })
  await room.send('ci', { body: '{"_webhook":{"method":"GET","admin":true},"__proto__":{"polluted":1}}' })
  const text = room.engine.delivered.find(({ type }) => type === 'ci')?.dataText
  expect(text).toContain('"__proto__":{"polluted":1}')
  expect(text).not.toContain('admin')
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
})

test('Slack asks whether the address is ours, and has its text back; nothing is kept of it', async () => {
  await room.add('slack', { scheme: 'slack', publish: 'chat' })
  const head = room.engine.log.head
  const ask = { scheme: 'slack' as const, body: '{"type":"url_verification","challenge":"3eZbrw1aB10"}' }
  expect(await room.send('slack', ask)).toMatchObject({ status: 200, body: { challenge: '3eZbrw1aB10' } })
  expect((await room.send('slack', { ...ask, key: 'wrong' })).status).toBe(401)
  expect(room.engine.log.head).toBe(head)
})

test('webhooks are listed page by page, deliveries the newest first', async () => {
  for (const name of ['b', 'a', 'c']) await room.add(name, { publish: 'ci' })
  await room.add('elsewhere', { publish: 'ci' }, 'kanban')
  const first = await room.call(room.ann, 'webhook.list', { limit: 2 })
  expect(first.webhooks.map(({ name }) => name)).toEqual(['a', 'b'])
  const second = await room.call(room.ann, 'webhook.list', { limit: 2, after: first.next ?? '' })
  expect(second).toEqual({ webhooks: [expect.objectContaining({ name: 'c', path: '/webhook/c' })] })
  for (const id of ['1', '2', '3']) await room.send('a', { id })
  const page = await room.call(room.ann, 'webhook.deliveries', { name: 'a', limit: 2 })
  expect(page.deliveries.map(({ delivery }) => delivery)).toEqual(['3', '2'])
  const rest = await room.call(room.ann, 'webhook.deliveries', {
    name: 'a',
    limit: 2,
    before: page.next ?? 0,
  })
  expect(rest.deliveries.map(({ delivery }) => delivery)).toEqual(['1'])
  expect(rest.next).toBeUndefined()
  expect(await refusal(room.call(room.ann, 'webhook.deliveries', { name: 'nobody' }))).toBe('unknown_webhook')
})

test('what makes no webhook is refused', async () => {
  for (const wrong of [
    { do: 'echo', publish: 'ci' },
    { publish: 'system:x' },
    { publish: 'webhook:ci' },
    { secret: '' },
    { scheme: 'standard' as const, secret: 'not base64' },
    { scheme: 'none' as const, secret: 'has none' },
    { tolerance: 0 },
  ])
    expect(await refusal(room.add('x', wrong))).toBe('bad_request')
  for (const headers of [{ 'a b': 'x' }, { a: 'x\ny' }])
    expect(await refusal(room.call(room.ann, 'webhook.receive', { name: 'x', headers, body: '' }))).toBe(
      'bad_request',
    )
  await room.add('x')
  expect(await refusal(room.add('x'))).toBe('name_taken')
  expect(await room.call(room.ann, 'webhook.remove', { name: 'x' })).toEqual({ removed: true })
  expect(await room.call(room.ann, 'webhook.remove', { name: 'x' })).toEqual({ removed: false })
  expect((await room.send('x')).status).toBe(404)
})
