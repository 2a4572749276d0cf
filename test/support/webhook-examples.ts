// One delivery of each scheme as its vendor publishes it: secret, body, headers and the signature they lead to.

import type { Delivery, SchemeName } from '../../src/features/webhooks/schemes.ts'

export type Example = {
  readonly scheme: Exclude<SchemeName, 'none'>
  readonly from: string
  readonly secret: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  /** epoch ms at which it arrives in time */
  readonly now: number
}

const stripeEvent = {
  id: 'evt_123',
  object: 'event',
  account: 'acct_123',
  api_version: '2017-05-25',
  created: 1533204620,
  data: {
    object: {
      id: 'cus_123',
      object: 'customer',
      created: 123456789,
      email: 'test@stripe.com',
      livemode: false,
      metadata: {},
    },
  },
  livemode: false,
  pending_webhooks: 1,
  request: { id: 'req_123', idempotency_key: 'idempotency-key-123' },
  type: 'customer.created',
}

const slackCommand = [
  'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V',
  'channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=',
  'response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN',
  'trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
].join('&')

export const examples: readonly Example[] = [
  {
    scheme: 'github',
    from: 'GitHub’s page on validating webhook deliveries',
    secret: "It's a Secret to Everybody",
    body: 'Hello, World!',
    headers: {
      'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    },
    now: 0,
  },
  {
    scheme: 'stripe',
    from: 'the tests of Stripe’s library for .NET, less the v0 entry',
    secret: 'webhook_secret',
    body: `${JSON.stringify(stripeEvent, undefined, 2)}\n`,
    headers: {
      'stripe-signature': 't=1533204620,v1=2220f87ef101a04665f11cdf770523143f875572008577fa0f20882ddb9cc3c7',
    },
    now: 1533204720_000,
  },
  {
    scheme: 'stripe',
    from: 'the published package `stripe` 23.1.0, generateTestHeaderString',
    secret: 'whsec_test_secret',
    body: '{"id":"evt_test_webhook","object":"event"}',
    headers: {
      'stripe-signature': 't=1700000000,v1=d95c6b7477fbd7e9f90b1b0ef5f9c7ac25abca5382460e0d988c2b2a5b71b990',
    },
    now: 1700000000_000,
  },
  {
    scheme: 'standard',
    from: 'the tests of the standard’s libraries',
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    body: '{"test": 2432232314}',
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
    now: 1614265330_000,
  },
  {
    scheme: 'slack',
    from: 'Slack’s page on verifying requests',
    secret: '8f742231b10e8888abcd99yyyzzz85a5',
    body: slackCommand,
    headers: {
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
      'x-slack-request-timestamp': '1531420618',
    },
    now: 1531420618_000,
  },
  {
    scheme: 'header',
    from: 'photon, whose webhooks show their secret as it is',
    secret: 'your-secret-token',
    body: '{"ref":"x"}',
    headers: { 'x-webhook-secret': 'your-secret-token' },
    now: 0,
  },
]

export const minute = 60_000

export type HeadersGiven = Headers | Readonly<Record<string, string>>

/** An example as it arrives, with the headers and the body of a test in place of its own. */
export const deliveryOf = (
  example: Example,
  change: { headers?: HeadersGiven; body?: Uint8Array; now?: number } = {},
): Delivery => ({
  body: change.body ?? Buffer.from(example.body),
  headers: new Headers(change.headers ?? example.headers),
  now: change.now ?? example.now,
})

/** Everything that differs from `bytes` in one bit. */
export function* oneBitOff(bytes: Uint8Array): Generator<Buffer> {
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const altered = Buffer.from(bytes)
    altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    yield altered
  }
}
