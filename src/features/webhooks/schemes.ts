// The signature schemes of webhooks: who may tell the daemon something, proven over the raw body before any of it is
// parsed. Promises: `verify` never throws, whatever the bytes; comparisons take constant time; an empty secret fits
// nothing; a refusal costs the same work for every scheme, reason and number of secrets up to two, so that a name
// that does not exist is refused as slowly as a wrong secret: `verify('github', delivery, [])`.
// Refuses: timestamps outside the tolerance either way, hex in upper case, more than a handful of signatures, headers
// over 8 KiB, duplicate headers (which arrive joined by a comma) except among lists of signatures.

import { PaidError } from '../../protocol/error.ts'
import { webhookSchemes, type WebhookScheme } from '../../protocol/webhooks.ts'
import { github } from './schemes/github.ts'
import { header } from './schemes/header.ts'
import { none } from './schemes/none.ts'
import { type Delivery, type Mac, macOver, type Refusal, type Scheme, type Stamp } from './schemes/scheme.ts'
import { slack } from './schemes/slack.ts'
import { standard } from './schemes/standard.ts'
import { stripe } from './schemes/stripe.ts'

export const schemes = webhookSchemes
export type SchemeName = WebhookScheme
export type { Delivery }

const table: Record<SchemeName, Scheme> = { github, stripe, standard, slack, header, none }

/** `delivery` is the once-only id that the sender gave, where it gave one. */
export type Verdict =
  | { readonly ok: true; readonly delivery?: string }
  | { readonly ok: false; readonly why: Refusal }

/** a delivery refused has cost at least so many passes over its body: one for each secret while two are valid */
const passes = 2

/**
 * Whether a delivery comes from who knows one of `secrets`: the current one and those still valid beside it.
 * `toleranceMs` bounds the age of a timestamp, and how far it may be ahead, where the scheme has one.
 */
export const verify = (
  scheme: SchemeName,
  delivery: Delivery,
  secrets: readonly string[],
  toleranceMs: number,
): Verdict => {
  const { judge } = table[scheme]
  const mac = macOver(delivery.body)
  const work = { passes: 0 }
  const counted: Mac = (...given) => {
    work.passes += 1
    return mac(...given)
  }
  const usable = secrets.filter((secret) => secret !== '')
  const why = judge(delivery, usable, toleranceMs, counted)
  if (why === undefined) {
    const id = deliveryIdOf(scheme, delivery.headers, delivery.body)
    return id === undefined ? { ok: true } : { ok: true, delivery: id }
  }
  while (work.passes < passes) counted('nobody', '', 'hex')
  return { ok: false, why }
}

/** The headers that make `verify` accept `body`. `delivery` is its once-only id: visible ASCII without a full stop. */
export const sign = (
  scheme: SchemeName,
  body: Uint8Array,
  secret: string,
  stamp: Stamp,
): Record<string, string> => table[scheme].sign(macOver(body), secret, stamp, body)

const secretCharacters = 1024

/** Throws `bad_request` for a secret that the scheme cannot use; what it says never has the secret in it. */
export const checkSecret = (scheme: SchemeName, secret: string): void => {
  const fault = (scheme === 'none' ? undefined : faultOf(secret)) ?? table[scheme].faultOf?.(secret)
  if (fault !== undefined)
    throw new PaidError('bad_request', fault, 'Give the secret exactly as its sender has it.')
}

/** What is wrong with a secret for every scheme that has one. */
const faultOf = (secret: string): string | undefined => {
  if (secret === '') return 'A secret is needed: this scheme proves nothing without one'
  if (secret.length > secretCharacters) return `A secret has at most ${secretCharacters} characters`
  const isLine = !/\p{Cc}/u.test(secret) && secret.isWellFormed()
  return isLine ? undefined : 'A secret is one line of text'
}

/** longer ones are no ids that a sender means to say again */
const id = /^[!-~]{1,255}$/

/**
 * The once-only id of an authentic delivery: the sender's own where it has one, which its signature may cover, else
 * the `Idempotency-Key` header, which none covers. `undefined` without one, or when it is no word of visible ASCII.
 */
export const deliveryIdOf = (scheme: SchemeName, headers: Headers, body: Uint8Array): string | undefined => {
  const own = table[scheme].idOf?.(headers, body)
  if (own !== undefined && id.test(own)) return own
  const key = headers.get('idempotency-key')
  return key !== null && id.test(key) ? key : undefined
}
