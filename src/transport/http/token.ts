// Who may come in over TCP: whoever shows the token, compared in constant time. An address that fails too often
// waits; a right token never does.

import { createAttempts } from './attempts.ts'

export type Gate = ReturnType<typeof createGate>

export const createGate = (token: string) => {
  const expected = Buffer.from(token)
  const attempts = createAttempts()

  /** Takes the same time wherever the first difference is; a token's length is no secret. */
  const isRight = (shown: string): boolean => {
    const bytes = Buffer.from(shown)
    const same = bytes.length === expected.length
    return crypto.timingSafeEqual(same ? bytes : expected, expected) && same
  }

  return {
    isRight,
    /** `pass`, `refused`, or `wait` with the milliseconds until the address may try again. */
    judge: (shown: string | undefined, addressOf: () => string): 'pass' | 'refused' | { wait: number } => {
      if (shown !== undefined && isRight(shown)) return 'pass'
      const wait = attempts.failed(addressOf())
      return wait === undefined ? 'refused' : { wait }
    },
  }
}

/** The token a request shows: a header, or, on a WebSocket's upgrade alone, its query. */
export const tokenOf = (request: Request, query: URLSearchParams | undefined): string | undefined =>
  headerToken(request) ?? query?.get('token') ?? query?.get('apiKey') ?? undefined

/** The token in a header. A page cannot send one to us without a preflight, which it does not get. */
export const headerToken = (request: Request): string | undefined => {
  const authorization = request.headers.get('authorization')
  if (authorization !== null && /^bearer /i.test(authorization)) return authorization.slice(7).trim()
  return request.headers.get('x-api-key') ?? undefined
}
