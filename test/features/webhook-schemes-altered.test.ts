// Altered by one bit, or by one byte more or less, anywhere: no published example passes any longer.

import { describe, expect, test } from 'bun:test'
import { verify } from '../../src/features/webhooks/schemes.ts'
import { deliveryOf, type Example, examples, minute, oneBitOff } from '../support/webhook-examples.ts'

/** What HTTP cannot carry at all is as good as refused. */
const headersOf = (values: Record<string, string>): Headers | undefined => {
  try {
    return new Headers(values)
  } catch {
    return undefined
  }
}

const isBelieved = (example: Example, change: Parameters<typeof deliveryOf>[1], secret = example.secret) =>
  verify(example.scheme, deliveryOf(example, change), [secret], 5 * minute).ok

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

describe.each(examples)('the example of $scheme ($from)', (example) => {
  const { scheme, secret, headers } = example

  test.each(Object.keys(headers))('fails for each bit of its %s, and each byte less', (name) => {
    const value = Buffer.from(headers[name] ?? '')
    const passed: string[] = []
    const look = (altered: string) => {
      const given = headersOf({ ...headers, [name]: altered })
      if (given && isBelieved(example, { headers: given })) passed.push(altered)
    }
    for (const altered of oneBitOff(value)) look(latin1(altered))
    for (let at = 0; at < value.length; at += 1)
      look(latin1(Buffer.concat([value.subarray(0, at), value.subarray(at + 1)])))
    expect(passed).toEqual([])
  })

  test.each(Object.keys(headers))('fails without %s', (name) => {
    const { [name]: _, ...rest } = headers
    const verdict = verify(scheme, deliveryOf(example, { headers: rest }), [secret], 5 * minute)
    expect(verdict).toEqual({ ok: false, why: 'missing' })
  })

  test('fails for each bit of the secret', () => {
    const passed: string[] = []
    for (const altered of oneBitOff(Buffer.from(secret)))
      if (isBelieved(example, {}, latin1(altered))) passed.push(latin1(altered))
    expect(passed).toEqual([])
  })
})

// a shared secret says nothing about the body it comes with
const signed = examples.filter(({ scheme }) => scheme !== 'header')

test.each(signed)(
  'the example of $scheme ($from) fails for each bit of its body, and each byte more or less',
  (example) => {
    const bytes = Buffer.from(example.body)
    const passed: string[] = []
    for (const altered of oneBitOff(bytes))
      if (isBelieved(example, { body: altered })) passed.push(latin1(altered))
    for (let at = 0; at <= bytes.length; at += 1) {
      const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)]
      const longer = Buffer.concat([head, Buffer.from(' '), tail])
      if (isBelieved(example, { body: longer })) passed.push(latin1(longer))
      const shorter = Buffer.concat([head, tail.subarray(1)])
      if (tail.length > 0 && isBelieved(example, { body: shorter })) passed.push(latin1(shorter))
    }
    expect(passed).toEqual([])
  },
)
