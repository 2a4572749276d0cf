// Who is believed: each scheme against what its vendor publishes, and what the daemon signs itself.

import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { deliveryIdOf, schemes, sign, verify } from '../../src/features/webhooks/schemes.ts'
import { deliveryOf, examples, minute } from '../support/webhook-examples.ts'

const now = 1700000000_000
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const bytes = (text: string) => Buffer.from(text)
const signed = examples.filter(({ scheme }) => scheme !== 'header')
const dated = signed.filter(({ scheme }) => scheme !== 'github')

describe('the published example', () => {
  test.each(examples)('of $scheme passes, as in $from', (example) => {
    expect(verify(example.scheme, deliveryOf(example), [example.secret], 5 * minute).ok).toBeTrue()
  })

  test.each(examples)('of $scheme ($from) fails under another secret, and passes beside one', (example) => {
    const judge = (...secrets: string[]) => verify(example.scheme, deliveryOf(example), secrets, 5 * minute)
    const other = 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    expect(judge(other)).toEqual({ ok: false, why: 'signature' })
    expect(judge(other, example.secret).ok).toBeTrue()
    expect(judge(example.secret, other).ok).toBeTrue()
  })

  test.each(dated)('of $scheme ($from) passes to the second of its tolerance, both ways', (example) => {
    const at = (offsetMs: number, toleranceMs = 5 * minute) => {
      const stamp = /(?<=t=|^)\d{10}/
      const timestamp = Object.values(example.headers)
        .map((each) => stamp.exec(each)?.[0])
        .find(Boolean)
      const moved = deliveryOf(example, { now: Number(timestamp) * 1000 + offsetMs })
      return verify(example.scheme, moved, [example.secret], toleranceMs)
    }
    for (const inside of [0, 5 * minute, 5 * minute + 999, -5 * minute]) expect(at(inside).ok).toBeTrue()
    for (const outside of [5 * minute + 1000, -5 * minute - 1, 24 * 60 * minute])
      expect(at(outside)).toEqual({ ok: false, why: 'timestamp' })
    expect(at(0, 0).ok).toBeTrue()
    expect(at(24 * 60 * minute, Infinity).ok).toBeTrue()
    for (const none of [Number.NaN, -1]) expect(at(0, none)).toEqual({ ok: false, why: 'timestamp' })
  })

  test('of Stripe passes whole: its v0 entry is passed over, and proves nothing', () => {
    const [example] = examples.filter(({ scheme }) => scheme === 'stripe')
    if (!example) throw new Error('no example of Stripe')
    const v0 = 'v0=63f3a72374a733066c4be69ed7f8e5ac85c22c9f0a6a612ab9a025a9e4ee7eef'
    const judge = (header: string) => {
      const delivery = deliveryOf(example, { headers: { 'stripe-signature': header } })
      return verify('stripe', delivery, [example.secret], 5 * minute)
    }
    const published = example.headers['stripe-signature'] ?? ''
    expect(judge(`${published},${v0}`)).toEqual({ ok: true, delivery: 'evt_123' })
    expect(judge(published.replace('v1=', 'v0='))).toEqual({ ok: false, why: 'malformed' })
    expect(judge(published.replace(',', `,v1=${'0'.repeat(64)},`)).ok).toBeTrue()
  })
})

describe('what the daemon signs', () => {
  const stamp = { now, delivery: 'del_1' }

  test.each([...schemes])('under %s, it accepts, with the same id', (scheme) => {
    const body = bytes('{"a":"ä"}')
    const headers = new Headers(sign(scheme, body, secret, stamp))
    const verdict = verify(scheme, { body, headers, now }, [secret], 0)
    expect(verdict).toEqual({ ok: true, delivery: 'del_1' })
  })

  test('under any scheme it accepts, whatever bytes, and under no other secret', () => {
    const scheme = fc.constantFrom('github', 'stripe', 'slack', 'header')
    const words = fc.string({ minLength: 1 }).filter((text) => text === text.trim())
    fc.assert(
      fc.property(scheme, fc.uint8Array(), words, words, (which, body, right, wrong) => {
        const headers = new Headers(sign(which, body, right, stamp))
        expect(verify(which, { body, headers, now }, [right], 0).ok).toBeTrue()
        expect(verify(which, { body, headers, now }, [wrong], 0).ok).toBe(right === wrong)
      }),
    )
  })

  test('under Standard Webhooks is what its library signs and verifies, and the other way round', () => {
    const keys = fc.uint8Array({ minLength: 24, maxLength: 64 })
    const texts = fc.string({ unit: 'grapheme' })
    const names = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/)
    fc.assert(
      fc.property(keys, texts, names, (key, text, delivery) => {
        const whsec = `whsec_${Buffer.from(key).toString('base64')}`
        const library = new Webhook(whsec)
        const body = bytes(text)
        const today = Date.now()

        const ours = sign('standard', body, whsec, { now: today, delivery })
        expect(() => library.verify(text, ours, { jsonParse: false })).not.toThrow()
        const theirs = new Headers({
          ...ours,
          'webhook-signature': library.sign(delivery, new Date(today), text),
        })
        const verdict = verify('standard', { body, headers: theirs, now: today }, [whsec], minute)
        expect(verdict).toEqual({ ok: true, delivery })
      }),
    )
  })
})

describe('the once-only id', () => {
  const none = bytes('')
  const key = { 'idempotency-key': 'key-1' }

  test.each([
    ['github', { 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' }, none],
    ['stripe', {}, bytes('{"id":"72d3162e-cc78-11e3-81ab-4c9367dc0958","object":"event"}')],
    ['standard', { 'webhook-id': '72d3162e-cc78-11e3-81ab-4c9367dc0958' }, none],
    ['slack', {}, bytes('{"event_id":"72d3162e-cc78-11e3-81ab-4c9367dc0958"}')],
  ] as const)('of %s is its sender’s own, also beside another key', (scheme, headers, body) => {
    const own = '72d3162e-cc78-11e3-81ab-4c9367dc0958'
    expect(deliveryIdOf(scheme, new Headers(headers), body)).toBe(own)
    expect(deliveryIdOf(scheme, new Headers({ ...headers, ...key }), body)).toBe(own)
  })

  test.each([...schemes])('of %s is the Idempotency-Key where the sender has none of its own', (scheme) => {
    for (const body of ['', '{}', '[]', 'null', '"id"', '{', '{"id":5,"event_id":null}', 'payload=%7B%7D'])
      expect(deliveryIdOf(scheme, new Headers(key), bytes(body))).toBe('key-1')
    expect(deliveryIdOf(scheme, new Headers(), none)).toBeUndefined()
  })

  test('is a word of at most 255 visible ASCII characters, or it is none', () => {
    const idOf = (id: string) => deliveryIdOf('header', new Headers({ 'idempotency-key': id }), none)
    expect(idOf('x'.repeat(255))).toBe('x'.repeat(255))
    for (const bad of ['', 'x'.repeat(256), 'x'.repeat(2 ** 20), 'a b', 'a\tb', 'é'])
      expect(idOf(bad)).toBeUndefined()
    const twice = new Headers(key)
    twice.append('idempotency-key', 'key-2')
    expect(deliveryIdOf('header', twice, none)).toBeUndefined()
    const inBody = (id: string) => deliveryIdOf('stripe', new Headers(), bytes(JSON.stringify({ id })))
    for (const bad of ['', 'x'.repeat(256), '../../evil\n', '\0', '日']) expect(inBody(bad)).toBeUndefined()
  })
})
