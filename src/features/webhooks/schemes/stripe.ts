// Stripe: `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>…]`, each an HMAC-SHA256 of `<seconds>.<body>`; while its
// secret is rolled Stripe signs with both. Other entries (`v0` is of test events) are passed over.
// https://docs.stripe.com/webhooks/signature

import { fieldOf, hasMatch, headerOf, isTimely, isTimestamp, type Scheme, secondsOf } from './scheme.ts'

const signature = 'stripe-signature'

/** `v1` entries of one delivery; Stripe sends one for each secret that is valid, so two at most */
const signatures = 16

export const stripe: Scheme = {
  judge: ({ headers, now }, secrets, toleranceMs, mac) => {
    const header = headerOf(headers, signature)
    if (header === undefined) return 'missing'
    const entries = header?.split(',') ?? []
    const valuesOf = (name: string) =>
      entries.filter((entry) => entry.startsWith(`${name}=`)).map((entry) => entry.slice(name.length + 1))
    const [timestamp = '', ...others] = valuesOf('t')
    const shown = valuesOf('v1')
    if (!isTimestamp(timestamp) || others.length > 0) return 'malformed'
    if (shown.length === 0 || shown.length > signatures) return 'malformed'
    if (!isTimely(timestamp, now, toleranceMs)) return 'timestamp'
    const expected = secrets.map((secret) => mac(secret, `${timestamp}.`, 'hex'))
    return hasMatch(shown, expected) ? undefined : 'signature'
  },
  sign: (mac, secret, { now, delivery }) => ({
    [signature]: `t=${secondsOf(now)},v1=${mac(secret, `${secondsOf(now)}.`, 'hex')}`,
    // the event's own id is in its body, and counts first
    'idempotency-key': delivery,
  }),
  idOf: (_headers, body) => fieldOf(body, 'id'),
}
