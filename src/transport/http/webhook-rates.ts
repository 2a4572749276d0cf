// How often one address may call one webhook, known or not: so many in the minute that begins with the first. Names
// that do not exist are counted alike, so that a refusal tells nobody which do.

import { clientAddress } from './client-address.ts'

export const rateWindowMs = 60_000

/** pairs of address and name that are remembered; beyond it the oldest is forgotten */
const rememberedPairs = 10_000

export type WebhookRates = ReturnType<typeof createWebhookRates>

export const createWebhookRates = (perMinute: number, now: () => number = () => performance.now()) => {
  const windows = new Map<string, { count: number; until: number }>()
  return {
    perMinute,
    /** Milliseconds until this one may be tried again; undefined when it may come in. */
    judge: (name: string, address: string): number | undefined => {
      const pair = `${clientAddress(address)} ${name}`
      const at = now()
      const known = windows.get(pair)
      if (known && at < known.until) return ++known.count > perMinute ? known.until - at : undefined
      windows.delete(pair)
      windows.set(pair, { count: 1, until: at + rateWindowMs })
      if (windows.size > rememberedPairs) {
        const [oldest] = windows.keys()
        if (oldest !== undefined) windows.delete(oldest)
      }
      return undefined
    },
  }
}
