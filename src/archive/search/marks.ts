// The part of a message that shows why it was found, and what in it was looked for. Upper and lower case and accents
// are one, as in the index.

import type { Phrase } from './terms.ts'

export type Excerpt = {
  text: string
  /** where it begins in the whole text */
  start: number
  /** what was looked for: [begin, end) in `text`. All offsets count UTF-16 code units. */
  marks: [number, number][]
}

const shownCharacters = 280
/** before the first mark */
const leadCharacters = 60
/** the index has no more of a message */
const lookedAtCharacters = 64 * 1024
const mostMarks = 100

const letters = String.raw`\p{L}\p{N}\p{Co}`

const plainCharacters = new Map<string, string>()
const charactersRemembered = 20_000

/** Without its accents, in lower case, and as long as it was: what cannot be said so is no letter. */
const plainCharacter = (character: string): string => {
  const known = plainCharacters.get(character)
  if (known !== undefined) return known
  const bare = character.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  const fits = bare.length === character.length ? bare : ' '.repeat(character.length)
  const plain = /\p{M}/u.test(character) ? character : fits
  if (plainCharacters.size >= charactersRemembered) plainCharacters.clear()
  plainCharacters.set(character, plain)
  return plain
}

const folded = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- everything but ASCII
  text.replace(/[^\0-\x7f]/gu, plainCharacter).replace(/[A-Z]+/g, (upper) => upper.toLowerCase())

/** A pattern of what is found; words hold nothing that a pattern could take for its own. */
export const patternOf = (phrases: readonly Phrase[]): RegExp => {
  const each = phrases
    .toSorted((a, b) => b.words.length - a.words.length)
    .map(({ words, begins }) => {
      const spelled = words.map((word) => `${folded(word.replace(/\p{M}/gu, ''))}\\p{M}*`)
      return spelled.join(`[^${letters}]+`) + (begins ? `[${letters}\\p{M}]*` : '')
    })
  return new RegExp(`(?<![${letters}])(?:${each.join('|')})(?![${letters}])`, 'gu')
}

export const excerptOf = (whole: string, pattern: RegExp): Excerpt => {
  const text = whole.slice(0, lookedAtCharacters)
  const found: { start: number; end: number; what: string }[] = []
  for (const match of folded(text).matchAll(pattern)) {
    found.push({ start: match.index, end: match.index + match[0].length, what: match[0] })
    if (found.length === mostMarks) break
  }
  const first = fullest(found)
  const begin = edge(whole, Math.max(0, (found[first]?.start ?? 0) - leadCharacters), 1)
  const end = edge(whole, Math.min(whole.length, begin + shownCharacters), -1)
  return {
    text: whole.slice(begin, end).toWellFormed(),
    start: begin,
    marks: found
      .filter(({ start, end: last }) => start >= begin && last <= end)
      .map(({ start, end: last }): [number, number] => [start - begin, last - begin]),
  }
}

/** The mark from which on most different things that were looked for stand near each other. */
const fullest = (found: readonly { start: number; end: number; what: string }[]): number => {
  let best = 0
  let most = 0
  for (const [at, { start }] of found.entries()) {
    const near = new Set<string>()
    for (const each of found.slice(at)) {
      if (each.end > start + shownCharacters - leadCharacters) break
      near.add(each.what)
    }
    if (near.size > most) [best, most] = [at, near.size]
  }
  return best
}

/** how far an end of the excerpt moves to fall between two words */
const wordCharacters = 20

/** A place between two words, a little further in that direction; never inside a character. */
const edge = (text: string, at: number, direction: 1 | -1): number => {
  if (at <= 0 || at >= text.length) return at
  for (let moved = 0; moved < wordCharacters; moved++) {
    const place = at + moved * direction
    if (/\s/.test(text.charAt(direction === 1 ? place - 1 : place))) return place
  }
  return /[\udc00-\udfff]/.test(text.charAt(at)) ? at + direction : at
}
