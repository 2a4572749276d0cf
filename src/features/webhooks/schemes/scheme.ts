// What every signature scheme of webhooks is made of, and the parts they share: one keyed hash over the raw body, one
// comparison in constant time, one reading of a timestamp. A scheme judges what its sender shows; it never parses a
// body that it has not found authentic.

import { timingSafeEqual } from 'node:crypto'

/** What arrived: `body` as it came, `now` in epoch ms. */
export type Delivery = { readonly body: Uint8Array; readonly headers: Headers; readonly now: number }

export type Refusal = 'missing' | 'malformed' | 'signature' | 'timestamp'

/** HMAC-SHA256 of `before` and the raw body of this delivery, as text. */
export type Mac = (key: string | Uint8Array, before: string, encoding: 'hex' | 'base64') => string

export type Scheme = {
  /** Why the delivery is not from who knows one of the secrets; `undefined` when it is. None of `secrets` is empty. */
  readonly judge: (
    delivery: Delivery,
    secrets: readonly string[],
    toleranceMs: number,
    mac: Mac,
  ) => Refusal | undefined
  /** The headers of a delivery that `judge` accepts. */
  readonly sign: (mac: Mac, secret: string, stamp: Stamp, body: Uint8Array) => Record<string, string>
  /** What is wrong with a secret for this scheme alone. */
  readonly faultOf?: (secret: string) => string | undefined
  /** The sender's own id of what it tells, the same when it tells it again. Only of authentic deliveries. */
  readonly idOf?: (headers: Headers, body: Uint8Array) => string | undefined
}

/** When a delivery is signed (epoch ms), and its once-only id. */
export type Stamp = { readonly now: number; readonly delivery: string }

/** A header longer than this is not read: no scheme needs a quarter of it. */
const headerCharacters = 8192

/** A header's value; `undefined` when absent, `null` when too long to be looked at. */
export const headerOf = (headers: Headers, name: string): string | null | undefined => {
  const value = headers.get(name)
  if (value === null) return undefined
  return value.length > headerCharacters ? null : value
}

export const macOver =
  (body: Uint8Array): Mac =>
  (key, before, encoding) =>
    new Bun.CryptoHasher('sha256', key).update(before).update(body).digest(encoding)

const digestOf = (value: string | Uint8Array): Uint8Array =>
  new Bun.CryptoHasher('sha256').update(value).digest()

/** Equal or not, in a time that tells neither where they differ nor by how much in length: digests are compared. */
export const isSame = (shown: string | Uint8Array, expected: string | Uint8Array): boolean =>
  timingSafeEqual(digestOf(shown), digestOf(expected))

/** Whether `shown` has one that equals one of `expected`; every pair is compared, found or not. */
export const hasMatch = (shown: readonly string[], expected: readonly string[]): boolean => {
  const digests = expected.map(digestOf)
  let found = false
  for (const each of shown) {
    const digest = digestOf(each)
    for (const right of digests) if (timingSafeEqual(digest, right)) found = true
  }
  return found
}

/** Seconds since 1970, as senders write them: digits, without sign, fraction or leading zero. */
export const isTimestamp = (text: string): boolean => /^[1-9][0-9]{0,11}$/.test(text)

/** Whether a timestamp lies within the tolerance around `now`, both ways; a second counts as a whole. */
export const isTimely = (timestamp: string, now: number, toleranceMs: number): boolean =>
  Math.abs(secondsOf(now) - Number(timestamp)) * 1000 <= toleranceMs

export const secondsOf = (instant: number): number => Math.floor(instant / 1000)

const utf8 = new TextDecoder()

/** A text field of a JSON object in an authentic body; `undefined` for everything else. Never throws. */
export const fieldOf = (body: Uint8Array, name: string): string | undefined => {
  try {
    const document: unknown = JSON.parse(utf8.decode(body))
    if (typeof document !== 'object' || document === null || !Object.hasOwn(document, name)) return undefined
    const value: unknown = Reflect.get(document, name)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
