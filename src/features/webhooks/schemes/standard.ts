// Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,<base64>[ v1,<base64>…]`, each an
// HMAC-SHA256 of `<id>.<seconds>.<body>` under the bytes that the secret, `whsec_<base64>`, stands for.
// The library of the standard reads secrets and signs. What arrives is checked here, over the raw bytes and by the
// daemon's clock: the library's `verify` turns the body into text first, where two bodies that are not UTF-8 look
// alike, knows no clock but the machine's and no tolerance but five minutes, and takes `5x` for a 5.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

import { Webhook } from 'standardwebhooks'
import { hasMatch, headerOf, isTimely, isTimestamp, type Scheme, secondsOf } from './scheme.ts'

const id = 'webhook-id'
const time = 'webhook-timestamp'
const signature = 'webhook-signature'

/** signatures of one delivery: one for each secret and each kind of key that its sender rotates through */
const signatures = 16

const keyOf = (secret: string): Buffer => Buffer.from(secret.replace(/^whsec_/, ''), 'base64')

export const standard: Scheme = {
  judge: ({ headers, now }, secrets, toleranceMs, mac) => {
    const [name, timestamp, list] = [id, time, signature].map((each) => headerOf(headers, each))
    if (name === undefined || timestamp === undefined || list === undefined) return 'missing'
    if (name === null || timestamp === null || list === null || !isTimestamp(timestamp)) return 'malformed'
    // the full stop ends the id in what is signed: an id with one could lend its end to the timestamp
    if (!/^[!-~]{1,255}$/.test(name) || name.includes('.')) return 'malformed'
    const shown = list.split(' ').filter((entry) => entry.startsWith('v1,'))
    if (shown.length === 0 || shown.length > signatures) return 'malformed'
    if (!isTimely(timestamp, now, toleranceMs)) return 'timestamp'
    const keys = secrets.map(keyOf).filter((key) => key.length > 0)
    const expected = keys.map((key) => `v1,${mac(key, `${name}.${timestamp}.`, 'base64')}`)
    return hasMatch(shown, expected) ? undefined : 'signature'
  },
  sign: (_mac, secret, { now, delivery }, body) => ({
    [id]: delivery,
    [time]: String(secondsOf(now)),
    [signature]: new Webhook(secret).sign(delivery, new Date(now), Buffer.from(body)),
  }),
  faultOf: (secret) => {
    try {
      new Webhook(secret).sign('', new Date(0), '')
      return undefined
    } catch {
      return 'A secret of Standard Webhooks is `whsec_` and base64'
    }
  },
  idOf: (headers) => headers.get(id) ?? undefined,
}
