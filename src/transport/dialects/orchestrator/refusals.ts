// What the orchestrator daemon calls the reasons why a WebSocket is not opened, or is closed; they stand in `error`.

import { isFields } from '../../../lib/fields.ts'

export const noMoreConnections = 'connection_limit_exceeded'

/** @param shown what was shown for a token */
export const wordsFor = (shown: string | undefined): { token?: string; rate?: string } => ({
  token: shown === undefined ? 'credentials_missing' : 'api_key_invalid',
  rate: 'rate_limit_exceeded',
})

/** Whether it may be a JSON Web Token (RFC 7519) rather than a key. */
export const isTokenLike = (shown: string): boolean => shown.includes('.')

/** What is wrong with a token before anybody looks who signed it. */
export const flawOf = (token: string): string | undefined => {
  const parts = token.split('.')
  if (parts.length !== 3) return 'jwt_malformed'
  const header = headerIn(parts[0] ?? '')
  if (!isFields(header)) return 'jwt_header_invalid'
  return header['alg'] === 'HS256' ? undefined : 'jwt_algorithm_unsupported'
}

const headerIn = (part: string): unknown => {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString())
  } catch {
    return undefined
  }
}

/** By the code of what is wrong with it. */
export const tokenWords: Readonly<Record<string, string>> = {
  bad_token: 'jwt_signature_invalid',
  wrong_token: 'jwt_payload_schema_invalid',
  token_expired: 'jwt_expired',
  token_revoked: 'token_revoked',
  insufficient_scope: 'insufficient_scope',
  too_many_subscriptions: noMoreConnections,
}

export const tokenOverCode = 4001

/** How a WebSocket is told that its login is over: a frame, then the reason of its closing. */
export const tokenOver = (expired: boolean): { frame: string; reason: string } => ({
  frame: JSON.stringify({ type: 'error', error: expired ? 'token_expired' : 'token_revoked' }),
  reason: expired ? 'Token expired' : 'Token revoked',
})
