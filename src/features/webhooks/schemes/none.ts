// No proof at all: whoever reaches the address is believed. The room of webhooks asks for `--allow` or a loopback-only
// listener with it.

import type { Scheme } from './scheme.ts'

export const none: Scheme = {
  judge: () => undefined,
  sign: (_mac, _secret, { delivery }) => ({ 'idempotency-key': delivery }),
  faultOf: (secret) => (secret === '' ? undefined : 'The scheme `none` takes no secret'),
}
