// What a finder of secrets gives back, and what several of them ask of a text.

/** A secret's place, `end` exclusive. */
export type Found = { start: number; end: number; kind: string }

/** Whether a word may begin here: nothing of a word stands before it, or only an escape such as `\n`. */
export const beginsWord = (text: string, at: number): boolean =>
  at === 0 || !isWordCode(text.charCodeAt(at - 1)) || (at > 1 && text[at - 2] === '\\')

/** letters, digits and _ */
const isWordCode = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122)

/** Where a text occurs, one after the other. */
export function* occurrences(text: string, part: string): Generator<number> {
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) yield at
}

/** Bits for each character: words have 2 to 3, random letters and digits 3.5 and more. */
export const entropy = (value: string): number => {
  const counts = new Map<string, number>()
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length)
  return bits
}
