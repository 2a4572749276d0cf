// Who may come in over TCP: whoever shows the token, compared in constant time. An address that fails too often
// waits; a right token never does.

import { limits } from '../../protocol/limits.ts'
import { clientAddress } from './client-address.ts'

/** addresses remembered; beyond it the oldest is forgotten */
const rememberedAddresses = 10_000

export type Gate = ReturnType<typeof createGate>

export const createGate = (token: string) => {
  const expected = Buffer.from(token)

  /** Takes the same time wherever the first difference is; a token's length is no secret. */
  const isRight = (shown: string): boolean => {
    const bytes = Buffer.from(shown)
    const same = bytes.length === expected.length
    return crypto.timingSafeEqual(same ? bytes : expected, expected) && same
  }

  const failures = new Map<string, { count: number; until: number }>()

  return {
    /** `pass`, `refused`, or `wait` with the milliseconds until the address may try again. */
    judge: (shown: string | undefined, addressOf: () => string): 'pass' | 'refused' | { wait: number } => {
      if (shown !== undefined && isRight(shown)) return 'pass'
      const address = clientAddress(addressOf())
      const now = performance.now()
      const known = failures.get(address)
      if (known && known.count >= limits.authFailures && now < known.until) return { wait: known.until - now }
      const count = known && now < known.until ? known.count + 1 : 1
      failures.delete(address)
      failures.set(address, { count, until: now + limits.authPauseMs })
      if (failures.size > rememberedAddresses) {
        const [oldest] = failures.keys()
        if (oldest !== undefined) failures.delete(oldest)
      }
      return 'refused'
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
