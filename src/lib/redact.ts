// Secrets in text, found and replaced. What leaves the private database goes through here, before anything is cut short.
// Promises: each secret becomes `[redacted:<kind>]` and is counted; the rest of the text stays as it is; text that was
// redacted stays as it is when redacted again; the work grows with the length of the text, whatever it says.
// Finds: the tokens of well-known services by their shape, private keys, passwords in addresses, JSON Web Tokens, and
// what stands behind a name that speaks of a secret. Does not find a secret that looks like any other word.

import { passwordsInAddresses } from './redact/addresses.ts'
import { assigned } from './redact/assigned.ts'
import { keptRules } from './redact/kept-rules.ts'
import { privateKeys } from './redact/private-keys.ts'
import type { Found } from './redact/found.ts'
import { tokens } from './redact/tokens.ts'

export type Redacted = {
  readonly text: string
  /** how many of each kind were replaced; empty when nothing was */
  readonly found: Readonly<Record<string, number>>
}

/** the ones that say most of what they found come first: where two found the same place, its kind counts */
const finders: readonly ((text: string) => Iterable<Found>)[] = [
  privateKeys,
  tokens,
  keptRules,
  passwordsInAddresses,
  assigned,
]

export const redact = (text: string): Redacted => {
  const places = merged(finders.flatMap((find) => [...find(text)]))
  if (places.length === 0) return { text, found: {} }
  const found: Record<string, number> = {}
  let safe = ''
  let from = 0
  for (const { start, end, kind } of places) {
    safe += `${text.slice(from, start)}[redacted:${kind}]`
    from = end
    found[kind] = (found[kind] ?? 0) + 1
  }
  return { text: safe + text.slice(from), found }
}

/** In order, none touching another: where some overlap, one stands for all, of the first finder's kind. */
const merged = (places: readonly Found[]): Found[] => {
  const ranked = places.map((place, rank) => ({ ...place, rank }))
  const result: typeof ranked = []
  for (const place of ranked.toSorted((a, b) => a.start - b.start)) {
    const last = result.at(-1)
    if (!last || place.start >= last.end) {
      result.push(place)
      continue
    }
    last.end = Math.max(last.end, place.end)
    if (place.rank < last.rank) Object.assign(last, { kind: place.kind, rank: place.rank })
  }
  return result
}
