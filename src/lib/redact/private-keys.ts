// Private keys in PEM or PGP armour, whole or cut off, also where line ends are written as `\n`.

import { type Found, occurrences } from './found.ts'

const begin = '-----BEGIN '
const heading = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y
const ending = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y
/** what lines of a key hold, for one that has no end */
const body = /[A-Za-z0-9+/=\s\\:,.-]*/y
const longestBody = 16_384

export function* privateKeys(text: string): Generator<Found> {
  let done = 0
  let nextEnd = 0
  for (const start of occurrences(text, begin)) {
    if (start < done) continue
    heading.lastIndex = start
    if (!heading.test(text)) continue
    const from = heading.lastIndex
    // looked for once: whoever begins many keys and ends none does not have all of it read each time
    if (nextEnd < from) nextEnd = placeOf(text, '-----END ', from)
    body.lastIndex = 0
    body.test(text.slice(from, Math.min(nextEnd, from + longestBody)))
    let end = from + body.lastIndex
    if (end === nextEnd) {
      ending.lastIndex = end
      if (ending.test(text)) end = ending.lastIndex
    }
    yield { start, end, kind: 'private-key' }
    done = end
  }
}

/** Infinity for nowhere. */
const placeOf = (text: string, part: string, from: number): number => {
  const at = text.indexOf(part, from)
  return at < 0 ? Infinity : at
}
