// Whether one file can be meant by both: a pattern of ours and a word with wildcards of a shell.

/** one character, any number without `/`, any number at all, or a character as it is */
type Token = 'one' | 'some' | 'all' | { character: string }

/** A set in brackets may be any character, alternatives in braces any text. */
const tokensOf = (word: string): Token[] =>
  [...word.matchAll(/\*\*+|\*|\?|\[[^\]/]*\]|\{[^}]*\}|[\s\S]/gu)].map(([text]): Token => {
    if (text === '*') return 'some'
    if (text.startsWith('**') || text.startsWith('{')) return 'all'
    if (text === '?' || (text.length > 1 && text.startsWith('['))) return 'one'
    return { character: text.toLowerCase() }
  })

const patternTokensOf = (pattern: string): Token[] =>
  Array.from(pattern.replace(/\*+/g, '*'), (character): Token => {
    if (character === '*') return 'all'
    return character === '?' ? 'one' : { character: character.toLowerCase() }
  })

const isMany = (token: Token | undefined): boolean => token === 'some' || token === 'all'

/** Whether what a token takes may be this one character of the other. */
const fits = (a: Token, b: Token): boolean => {
  if (typeof a === 'object' && typeof b === 'object') return a.character === b.character
  const other = typeof a === 'object' ? b : a
  const character = typeof a === 'object' ? a.character : typeof b === 'object' ? b.character : ''
  return !(other === 'some' && character === '/')
}

export const mayMeet = (pattern: string, word: string): boolean => {
  const left = patternTokensOf(pattern)
  const right = tokensOf(word)
  // row by row: whether what is left of both from here can be the same text
  let below = Array<boolean>(right.length + 1).fill(false)
  for (let i = left.length; i >= 0; i--) {
    const row = Array<boolean>(right.length + 1).fill(false)
    for (let j = right.length; j >= 0; j--) row[j] = meetAt(left, right, { i, j, row, below })
    below = row
  }
  return below[0] === true
}

const meetAt = (
  left: readonly Token[],
  right: readonly Token[],
  { i, j, row, below }: { i: number; j: number; row: readonly boolean[]; below: readonly boolean[] },
): boolean => {
  const [a, b] = [left[i], right[j]]
  if (a === undefined && b === undefined) return true
  // either takes nothing
  if (isMany(a) && below[j]) return true
  if (isMany(b) && row[j + 1]) return true
  if (a === undefined || b === undefined || !fits(a, b)) return false
  // either takes one more character of the other
  if (isMany(a) && row[j + 1]) return true
  if (isMany(b) && below[j]) return true
  return below[j + 1] === true
}
