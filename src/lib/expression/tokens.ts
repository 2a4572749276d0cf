// The words and signs of an expression, each with its place.

export class SyntaxFault extends Error {
  override name = 'SyntaxFault'
  /** character, counted from 1 */
  readonly place: number

  constructor(message: string, place: number) {
    super(message)
    this.place = place
  }
}

export type Token = { readonly text: string; readonly fault: (what: string) => SyntaxFault } & (
  | { readonly kind: 'sign' | 'name' | 'end' }
  | { readonly kind: 'value'; readonly value: string | number | boolean | null }
)

const space = /\s+/y
const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const quoted = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/y
const name = /[\p{L}_$][\p{L}\p{N}_$]*/uy
const sign = /==|!=|<=|>=|&&|\|\||[<>!()[\].,=]/y
const words = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
])

/** All of them, and an `end` behind. Throws `SyntaxFault`. */
export const tokensOf = (text: string): Token[] => {
  const tokens: Token[] = []
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  for (;;) {
    take(space)
    const from = at
    const fault = (what: string): SyntaxFault =>
      new SyntaxFault(
        from < text.length ? `${what} at character ${from + 1}` : `${what} at its end`,
        from + 1,
      )
    if (at === text.length) return [...tokens, { kind: 'end', text: '', fault }]
    const word = take(name)
    if (word !== undefined) {
      const value = words.get(word)
      tokens.push(
        value === undefined
          ? { kind: 'name', text: word, fault }
          : { kind: 'value', text: word, value, fault },
      )
      continue
    }
    const string = take(quoted)
    if (string !== undefined) {
      const value = textIn(string)
      if (value === undefined) throw fault('the text has an escape that JSON does not know')
      tokens.push({ kind: 'value', text: value, value, fault })
      continue
    }
    const figure = take(number)
    if (figure !== undefined) {
      tokens.push({ kind: 'value', text: figure, value: Number(figure), fault })
      continue
    }
    const found = take(sign)
    if (found === undefined)
      throw fault(/["']/.test(text[at] ?? '') ? 'a text has no end: it begins' : 'something unknown stands')
    tokens.push({ kind: 'sign', text: found, fault })
  }
}

/** What stands between the quotes; escapes are JSON's, and `\'`. */
const textIn = (literal: string): string | undefined => {
  const inner = literal.slice(1, -1)
  const json = literal.startsWith('"')
    ? inner
    : inner.replace(/\\'|"/g, (found) => (found === '"' ? '\\"' : "'"))
  try {
    const value: unknown = JSON.parse(`"${json.replace(/\n/g, '\\n').replace(/\t/g, '\\t')}"`)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
