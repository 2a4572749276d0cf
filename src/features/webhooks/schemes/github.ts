// GitHub: `X-Hub-Signature-256: sha256=<hex>`, an HMAC-SHA256 of the body. Nothing of it is dated, so a delivery may be
// sent again at any time; its id, `X-GitHub-Delivery`, is not signed.
// https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries

import { hasMatch, headerOf, type Scheme } from './scheme.ts'

const signature = 'x-hub-signature-256'
const id = 'x-github-delivery'

export const github: Scheme = {
  judge: ({ headers }, secrets, _toleranceMs, mac) => {
    const shown = headerOf(headers, signature)
    if (shown === undefined) return 'missing'
    if (!shown?.startsWith('sha256=')) return 'malformed'
    const expected = secrets.map((secret) => `sha256=${mac(secret, '', 'hex')}`)
    return hasMatch([shown], expected) ? undefined : 'signature'
  },
  sign: (mac, secret, { delivery }) => ({
    [signature]: `sha256=${mac(secret, '', 'hex')}`,
    [id]: delivery,
  }),
  idOf: (headers) => headers.get(id) ?? undefined,
}
