// Failed attempts, counted for each address: after too many of them in a row it waits. Who is right is never counted.

import { limits } from '../../protocol/limits.ts'
import { clientAddress } from './client-address.ts'

/** addresses remembered; beyond it the oldest is forgotten */
const rememberedAddresses = 10_000

export type Attempts = ReturnType<typeof createAttempts>

export const createAttempts = () => {
  const failures = new Map<string, { count: number; until: number }>()
  return {
    /** Milliseconds until this address may try again; undefined when it was one more failure of those it may have. */
    failed: (from: string): number | undefined => {
      const address = clientAddress(from)
      const now = performance.now()
      const known = failures.get(address)
      if (known && known.count >= limits.authFailures && now < known.until) return known.until - now
      const count = known && now < known.until ? known.count + 1 : 1
      failures.delete(address)
      failures.set(address, { count, until: now + limits.authPauseMs })
      if (failures.size > rememberedAddresses) {
        const [oldest] = failures.keys()
        if (oldest !== undefined) failures.delete(oldest)
      }
      return undefined
    },
  }
}
