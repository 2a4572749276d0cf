// A shared secret shown as it is in `X-Webhook-Secret`, for senders that cannot sign. HTTP carries bytes and reads them
// as Latin-1; a secret beyond ASCII is therefore known by its UTF-8 bytes or, as some clients send it, by its Latin-1.

import { headerOf, isSame, type Scheme } from './scheme.ts'

const secretHeader = 'x-webhook-secret'

const asBytes = (secret: string): string => Buffer.from(secret, 'utf8').toString('latin1')

export const header: Scheme = {
  judge: ({ headers }, secrets) => {
    const shown = headerOf(headers, secretHeader)
    if (shown === undefined) return 'missing'
    if (shown === null) return 'malformed'
    let found = false
    for (const secret of secrets) {
      const [plain, bytes] = [isSame(shown, secret), isSame(shown, asBytes(secret))]
      if (plain || bytes) found = true
    }
    return found ? undefined : 'signature'
  },
  sign: (_mac, secret, { delivery }) => ({ [secretHeader]: asBytes(secret), 'idempotency-key': delivery }),
  faultOf: (secret) =>
    secret === secret.trim() ? undefined : 'A header cannot carry blanks at the ends of a secret',
}
