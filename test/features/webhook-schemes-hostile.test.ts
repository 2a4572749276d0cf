// What strangers may send: headers without measure, without meaning, without ASCII. Each is refused, none throws, and
// none makes the daemon work for long.

import { describe, expect, spyOn, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import {
  type Delivery,
  deliveryIdOf,
  schemes,
  type SchemeName,
  sign,
  verify,
} from '../../src/features/webhooks/schemes.ts'
import { deliveryOf, type Example, examples, type HeadersGiven, minute } from '../support/webhook-examples.ts'

const exampleOf = (scheme: SchemeName): Example => {
  const found = examples.find((each) => each.scheme === scheme)
  if (!found) throw new Error(`no example of ${scheme}`)
  return found
}

const judge = (example: Example, headers: HeadersGiven, secrets = [example.secret]) =>
  verify(example.scheme, deliveryOf(example, { headers }), secrets, 5 * minute)

const malformed = { ok: false, why: 'malformed' } as const
const refused = { ok: false, why: 'signature' } as const

describe.each(examples)('$scheme ($from)', (example) => {
  const names = Object.keys(example.headers)

  test.each(names)('refuses a %s of a mebibyte, of nothing, and of other bytes', (name) => {
    const value = example.headers[name] ?? ''
    const long = [value + ' '.repeat(2 ** 20) + '.', value + 'x'.repeat(2 ** 20), 'é'.repeat(2 ** 20)]
    for (const each of long) expect(judge(example, { ...example.headers, [name]: each })).toEqual(malformed)
    const same = 'é'.repeat(value.length)
    for (const each of ['', '=', ',', 'v1,', 'sha256=', 'é', same, '\t'])
      expect(judge(example, { ...example.headers, [name]: each }).ok).toBeFalse()
  })

  // in a list of signatures one that is right is enough
  const single = names.filter((name) => !['webhook-signature', 'stripe-signature'].includes(name))
  test.each(single)('refuses a second %s, before its own or after', (name) => {
    const own = example.headers[name] ?? ''
    for (const pair of [
      [own, 'other'],
      ['other', own],
      [own, own],
    ]) {
      const headers = new Headers(example.headers)
      headers.delete(name)
      for (const value of pair) headers.append(name, value)
      expect(judge(example, headers).ok).toBeFalse()
    }
  })

  test('believes nobody without a secret, or with an empty one', () => {
    for (const secrets of [[], [''], ['', '']])
      expect(judge(example, example.headers, secrets)).toEqual(refused)
    const empty = ['standard', 'header'].includes(example.scheme)
      ? example.headers
      : sign(example.scheme, Buffer.from(example.body), '', { now: example.now, delivery: 'd' })
    for (const secrets of [[], [''], ['whsec_']]) expect(judge(example, empty, secrets)).toEqual(refused)
  })
})

test('a secret of Standard Webhooks that stands for no bytes is no key that anyone could sign with', () => {
  const { headers, ...example } = exampleOf('standard')
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${example.body}`
  const forged = `v1,${createHmac('sha256', '').update(content).digest('base64')}`
  const shown = { ...headers, 'webhook-signature': forged }
  for (const secret of ['', 'whsec_', 'whsec_=', 'whsec_\u00e9'])
    expect(judge({ headers, ...example }, shown, [secret])).toEqual(refused)
})

test('a refusal costs two passes over the body, whatever its scheme, reason, and number of secrets', () => {
  const passesOf = (scheme: SchemeName, delivery: Delivery, secrets: readonly string[]) => {
    using update = spyOn(Bun.CryptoHasher.prototype, 'update')
    expect(verify(scheme, delivery, secrets, 5 * minute).ok).toBeFalse()
    return update.mock.calls.filter(([hashed]) => hashed === delivery.body).length
  }
  const other = 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
  const costs = examples.flatMap((example) => {
    const cost = (change: Parameters<typeof deliveryOf>[1], ...secrets: string[]) =>
      passesOf(example.scheme, deliveryOf(example, change), secrets)
    const broken = Object.fromEntries(Object.keys(example.headers).map((name) => [name, 'x'.repeat(10_000)]))
    const late = example.now + 24 * 60 * minute
    const wrong = [cost({}), cost({}, other), cost({}, other, `${other}BBBB`), cost({ now: late }, other)]
    return [...wrong, cost({ headers: {} }, example.secret), cost({ headers: broken }, example.secret)]
  })
  expect(new Set(costs)).toEqual(new Set([2]))
})

test('hex in upper case is another signature: no vendor writes it so', () => {
  const github = exampleOf('github')
  const [value = ''] = Object.values(github.headers)
  const upper = value.replace(/=.*/, (hex) => hex.toUpperCase())
  expect(judge(github, { 'x-hub-signature-256': upper })).toEqual(refused)
})

test('of many signatures sixteen are tried, of more none: ten thousand cost nothing', () => {
  const stripe = exampleOf('stripe')
  const right = stripe.headers['stripe-signature'] ?? ''
  const beside = (count: number) => right.replace(',', `,${`v1=${'0'.repeat(64)},`.repeat(count)}`)
  expect(judge(stripe, { 'stripe-signature': beside(15) }).ok).toBeTrue()
  expect(judge(stripe, { 'stripe-signature': beside(16) })).toEqual(malformed)
  expect(judge(stripe, { 'stripe-signature': beside(10_000) })).toEqual(malformed)

  const standard = exampleOf('standard')
  const own = standard.headers['webhook-signature'] ?? ''
  const list = (count: number) => ({
    ...standard.headers,
    'webhook-signature': `${'v1,AAAA '.repeat(count)}${own}`,
  })
  expect(judge(standard, list(15)).ok).toBeTrue()
  expect(judge(standard, list(16))).toEqual(malformed)
  expect(judge(standard, list(10_000))).toEqual(malformed)
})

test('a timestamp is digits and nothing else', () => {
  const odd = [
    '1e999',
    '1e9',
    '-1531420618',
    '+1531420618',
    '0x5b47a2ca',
    '01531420618',
    '1531420618.0',
    'Infinity',
  ]
  const more = ['NaN', '1531420618x', '9'.repeat(13), '0', '1 531420618', '1531420618, 1531420618']
  for (const text of [...odd, ...more]) {
    const [slack, standard, stripe] = [exampleOf('slack'), exampleOf('standard'), exampleOf('stripe')]
    expect(judge(slack, { ...slack.headers, 'x-slack-request-timestamp': text })).toEqual(malformed)
    expect(judge(standard, { ...standard.headers, 'webhook-timestamp': text })).toEqual(malformed)
    const header = (stripe.headers['stripe-signature'] ?? '').replace(/t=\d+/, () => `t=${text}`)
    if (!text.includes(',')) expect(judge(stripe, { 'stripe-signature': header })).toEqual(malformed)
  }
})

test('Stripe’s two timestamps are none: a stale one cannot hide behind a fresh one', () => {
  const stripe = exampleOf('stripe')
  const right = stripe.headers['stripe-signature'] ?? ''
  for (const header of [`t=1533204621,${right}`, `${right},t=1533204621`])
    expect(judge(stripe, { 'stripe-signature': header })).toEqual(malformed)
})

test('an id with a full stop cannot lend its end to the timestamp of Standard Webhooks', () => {
  const { secret } = exampleOf('standard')
  const now = 1700000000_000
  const body = Buffer.from('1700000000.{}')
  const headers = new Headers(sign('standard', body, secret, { now, delivery: 'msg' }))
  headers.set('webhook-id', 'msg.1700000000')
  const shifted = { body: Buffer.from('{}'), headers, now }
  expect(verify('standard', shifted, [secret], minute)).toEqual(malformed)
})

describe('a shared secret beyond ASCII', () => {
  const example = exampleOf('header')
  const secret = 'pässwörd'
  const shown = (value: string) => judge(example, { 'x-webhook-secret': value }, [secret])

  test('is known as UTF-8 and as Latin-1, whatever the client makes of it', () => {
    expect(shown(Buffer.from(secret, 'utf8').toString('latin1')).ok).toBeTrue()
    expect(shown(secret).ok).toBeTrue()
  })

  test('and one of its length that is not it are told apart at once', () => {
    for (const wrong of ['pässwörD', 'é'.repeat(8), 'x'.repeat(8), 'passwurd', 'p'])
      expect(shown(wrong)).toEqual(refused)
    expect(judge(example, { 'x-webhook-secret': 'é'.repeat(example.secret.length) })).toEqual(refused)
  })

  test('can be sent by the daemon itself', () => {
    const body = Buffer.from('{}')
    const headers = new Headers(sign('header', body, '日本', { now: 0, delivery: 'd' }))
    expect(verify('header', { body, headers, now: 0 }, ['日本'], 0)).toEqual({ ok: true, delivery: 'd' })
  })
})

test('no bytes make a verdict or an id throw', () => {
  const word = fc.oneof(
    fc.string(),
    fc.stringMatching(/^(v[01][=,][0-9a-zA-Z+/=]{0,70}[, ]?|t=[0-9e.-]{0,20},){0,8}$/),
    fc.stringMatching(/^[\x80-\xff]{1,64}$/),
  )
  const name = fc.constantFrom(...examples.flatMap((each) => Object.keys(each.headers)), 'idempotency-key')
  const body = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text)),
  )
  const secrets = fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 })
  const scheme = fc.constantFrom(...schemes)
  fc.assert(
    fc.property(scheme, fc.array(fc.tuple(name, word)), body, secrets, (which, pairs, bytes, given) => {
      const headers = new Headers()
      for (const [key, value] of pairs) if (/^[\t -~\x80-\xff]*$/.test(value)) headers.append(key, value)
      const verdict = verify(which, { body: bytes, headers, now: 1700000000_000 }, given, 5 * minute)
      // a secret shown as it is may be guessed where it is as short as here
      if (which !== 'header') expect(verdict.ok).toBe(which === 'none')
      deliveryIdOf(which, headers, bytes)
    }),
    { numRuns: 500 },
  )
})

test('an authentic body that is deep, long or no JSON has no id, and is authentic', () => {
  const now = 1700000000_000
  for (const text of [
    '['.repeat(1_000_000),
    '{"id":'.repeat(100_000),
    '\uFEFF{"id":',
    '{"__proto__":{"id":"x"}}',
  ]) {
    const body = Buffer.from(text)
    const headers = new Headers({
      'stripe-signature': sign('stripe', body, 's', { now, delivery: '' })['stripe-signature'] ?? '',
    })
    expect(verify('stripe', { body, headers, now }, ['s'], 0)).toEqual({ ok: true })
  }
})
