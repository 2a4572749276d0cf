// Private keys in PEM or PGP armour, whole or cut off, also where line ends are written as `\n`.

import { type Found, occurrences } from './found.ts'

const begin = '-----BEGIN '
const heading = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y
const ending = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y
/** what lines of a key hold, for one that has no end */
const body = /[A-Za-z0-9+/=\s\\:,.-]{0,16384}/y

export function* privateKeys(text: string): Generator<Found> {
  let done = 0
  for (const start of occurrences(text, begin)) {
    if (start < done) continue
    heading.lastIndex = start
    if (!heading.test(text)) continue
    body.lastIndex = heading.lastIndex
    body.test(text)
    const dashes = text.indexOf('-----END ', heading.lastIndex)
    let end = body.lastIndex
    if (dashes >= 0 && dashes <= body.lastIndex) {
      ending.lastIndex = dashes
      end = ending.test(text) ? ending.lastIndex : dashes
    }
    yield { start, end, kind: 'private-key' }
    done = end
  }
}
