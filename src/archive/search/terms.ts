// What was typed to search for, as phrases. Words stand for themselves, whatever they are; words between quotes are
// found next to each other, and so are the parts of one word (`foo.bar`). A word that ends in `*` is found by its
// beginning. Everything else that somebody may type says nothing: it is no language of its own.

export type Phrase = {
  /** letters and digits alone */
  readonly words: readonly string[]
  /** the last word is the beginning of one */
  readonly begins: boolean
}

/** what is typed beyond so many words narrows no further */
const mostWords = 64
/** a shorter beginning is one of too many words, and is meant as it stands */
const shortestBeginning = 3

/** a word as the index has it */
const word = /[\p{L}\p{N}\p{Co}][\p{L}\p{N}\p{Co}\p{M}]*/gu

export const phrasesOf = (text: string): Phrase[] => {
  const phrases = new Map<string, Phrase>()
  let room = mostWords
  for (const [piece, quoted] of text.matchAll(/"([^"]*)"|[^\s"]+/g)) {
    const words = ((quoted ?? piece).match(word) ?? []).slice(0, room)
    const last = words.at(-1)
    if (last === undefined) continue
    room -= words.length
    const begins = quoted === undefined && piece.endsWith('*') && last.length >= shortestBeginning
    phrases.set(`${words.join(' ').toLowerCase()}${begins ? '*' : ''}`, { words, begins })
    if (room === 0) break
  }
  return [...phrases.values()]
}

/** All of them, for FTS5: nothing but words between quotes gets there. */
export const matchOf = (phrases: readonly Phrase[]): string =>
  phrases.map(({ words, begins }) => `"${words.join(' ')}"${begins ? '*' : ''}`).join(' ')
