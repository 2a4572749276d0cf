// Slack: `X-Slack-Signature: v0=<hex>`, an HMAC-SHA256 of `v0:<seconds>:<body>`, the seconds being those of
// `X-Slack-Request-Timestamp`. Events carry `event_id`; slash commands and buttons have no id.
// https://docs.slack.dev/authentication/verifying-requests-from-slack

import { fieldOf, hasMatch, headerOf, isTimely, isTimestamp, type Scheme, secondsOf } from './scheme.ts'

const signature = 'x-slack-signature'
const time = 'x-slack-request-timestamp'

export const slack: Scheme = {
  judge: ({ headers, now }, secrets, toleranceMs, mac) => {
    const shown = headerOf(headers, signature)
    const timestamp = headerOf(headers, time)
    if (shown === undefined || timestamp === undefined) return 'missing'
    if (!shown?.startsWith('v0=') || timestamp === null || !isTimestamp(timestamp)) return 'malformed'
    if (!isTimely(timestamp, now, toleranceMs)) return 'timestamp'
    const expected = secrets.map((secret) => `v0=${mac(secret, `v0:${timestamp}:`, 'hex')}`)
    return hasMatch([shown], expected) ? undefined : 'signature'
  },
  sign: (mac, secret, { now, delivery }) => ({
    [signature]: `v0=${mac(secret, `v0:${secondsOf(now)}:`, 'hex')}`,
    [time]: String(secondsOf(now)),
    'idempotency-key': delivery,
  }),
  idOf: (_headers, body) => fieldOf(body, 'event_id'),
}
