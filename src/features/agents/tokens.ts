// The tokens that a login gives: JSON Web Tokens (RFC 7519) signed with HMAC-SHA256, in the words that the first of
// these backends put into them. A token says which login it is of; whether that login still stands is asked each time.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'

const claims = z.object({
  orchestratorId: z.string(),
  daemonId: z.string(),
  scopes: z.array(z.string()).default([]),
  type: z.enum(['access', 'refresh']),
  iat: z.int(),
  exp: z.int(),
})
export type Claims = z.infer<typeof claims>

export type Tokens = ReturnType<typeof createTokens>

const header = { alg: 'HS256', typ: 'JWT' }
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** What no one can be made to guess is hashed once; there is nothing to slow down. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Whether two texts are one, in the same time wherever they differ. */
export const isSame = (shown: string, expected: string): boolean => {
  const [a, b] = [Buffer.from(shown), Buffer.from(expected)]
  return timingSafeEqual(a.length === b.length ? a : b, b) && a.length === b.length
}

export const createTokens = (secret: Uint8Array, now: () => number) => {
  const signatureOf = (text: string): string => createHmac('sha256', secret).update(text).digest('base64url')

  return {
    /** @param given `scopes` only of an access token */
    sign: (
      given: Pick<Claims, 'orchestratorId' | 'daemonId' | 'type'> & { scopes?: readonly string[] },
      expiresAt: number,
    ): string => {
      const times = { iat: Math.floor(now() / 1000), exp: Math.floor(expiresAt / 1000) }
      const text = `${encoded(header)}.${encoded({ ...given, ...times })}`
      return `${text}.${signatureOf(text)}`
    },

    /** What a token of ours says; `expired` when its time is over, `bad` when it is none of ours. */
    read: (token: string): Claims | 'bad' | 'expired' => {
      const [head = '', body = '', signature = '', ...more] = token.split('.')
      if (more.length > 0 || !isSame(signature, signatureOf(`${head}.${body}`))) return 'bad'
      // nothing else was ever signed by us; said all the same, because a token names its own algorithm
      if (head !== encoded(header)) return 'bad'
      const found = claims.safeParse(JSON.parse(Buffer.from(body, 'base64url').toString()))
      if (!found.success) return 'bad'
      return now() < found.data.exp * 1000 ? found.data : 'expired'
    },
  }
}
