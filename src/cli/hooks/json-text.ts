// Edits JSON as text, so that whatever is not edited keeps its bytes: layout, key order, duplicate keys, long numbers.
// It works on text that JSON.parse has accepted; a span is where a value begins and ends in it.
// A container that stood there empty is marked when it is filled, with a blank after its bracket; by that mark
// `withoutLast` can tell it from one that was written whole, and give back what was inside.

export type Span = { start: number; end: number }
/** `start` is that of the key in an object */
export type Child = Span & { key?: string; value: Span }
export type Layout = { newline: string; unit: string | undefined; colon: string }

export const rootOf = (text: string): Span => valueAt(text, skipBlanks(text, 0))

/** The members of an object or the items of an array, in order; none of anything else. */
export const childrenOf = (text: string, { start }: Span): Child[] => {
  const isObject = text[start] === '{'
  if (!isObject && text[start] !== '[') return []
  const children: Child[] = []
  let at = skipBlanks(text, start + 1)
  while (!isClosing(text[at])) {
    const from = at
    let key: string | undefined
    if (isObject) {
      const keyEnd = stringEnd(text, at)
      key = String(JSON.parse(text.slice(at, keyEnd)))
      at = skipBlanks(text, skipBlanks(text, keyEnd) + 1)
    }
    const value = valueAt(text, at)
    children.push({ start: from, end: value.end, value, ...(key === undefined ? {} : { key }) })
    at = skipBlanks(text, value.end)
    if (text[at] === ',') at = skipBlanks(text, at + 1)
  }
  return children
}

/** Of duplicate keys the last one counts, as it does for JSON.parse. */
export const memberOf = (text: string, object: Span, key: string): Span | undefined =>
  childrenOf(text, object).findLast((child) => child.key === key)?.value

export const parseSpan = (text: string, { start, end }: Span): unknown => JSON.parse(text.slice(start, end))

/** How this file is laid out, by its first member; an empty one as most are: two blanks. */
export const layoutOf = (text: string): Layout => {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const root = rootOf(text)
  const [first] = childrenOf(text, root)
  if (!first) return { newline, unit: '  ', colon: ': ' }
  const blanks = text.slice(root.start + 1, first.start)
  const colon = text[first.value.start - 1] === ':' ? ':' : ': '
  return { newline, unit: blanks.includes('\n') ? afterNewline(blanks) : undefined, colon }
}

/** Adds a member (with a key) or an item at the end of a container, laid out like its neighbours. */
export const append = (text: string, container: Span, value: unknown, key?: string): string => {
  const layout = layoutOf(text)
  const children = childrenOf(text, container)
  const last = children.at(-1)
  if (last) {
    const gap = gapBefore(text, container, children, layout)
    return splice(text, last.end, last.end, `,${gap}${written(value, key, layout, indentIn(gap))}`)
  }
  const { start, end } = container
  const inside = text.slice(start + 1, end - 1)
  if (inside !== '' || layout.unit === undefined)
    return splice(text, start + 1, start + 1, ` ${written(value, key, layout, undefined)}`)
  const outer = lineIndent(text, start)
  const inner = outer + layout.unit
  const content = written(value, key, layout, inner)
  return splice(text, start + 1, end - 1, ` ${layout.newline}${inner}${content}${layout.newline}${outer}`)
}

/** Puts another value in the place of one, on as many lines. */
export const replace = (text: string, span: Span, value: unknown): string => {
  const onLines = text.slice(span.start, span.end).includes('\n')
  const indent = onLines ? lineIndent(text, span.start) : undefined
  return splice(text, span.start, span.end, written(value, undefined, layoutOf(text), indent))
}

/** Takes a child out; undefined when it is the only one of a container that was not empty before us. */
export const without = (text: string, container: Span, child: Child): string | undefined => {
  const children = childrenOf(text, container)
  const index = children.findIndex(({ start }) => start === child.start)
  const before = children[index - 1]
  const after = children[index + 1]
  if (before) return splice(text, before.end, child.end, '')
  if (after) return splice(text, child.start, after.start, '')
  const opening = text.slice(container.start + 1, child.start)
  if (!opening.startsWith(' ')) return undefined
  const inside = opening === ' ' ? text.slice(child.end, container.end - 1) : ''
  return splice(text, container.start + 1, container.end - 1, inside)
}

export const splice = (text: string, start: number, end: number, by: string): string =>
  text.slice(0, start) + by + text.slice(end)

const gapBefore = (text: string, container: Span, children: Child[], { newline, colon }: Layout): string => {
  const last = children.at(-1)
  const previous = children.at(-2)
  const from = previous ? text.indexOf(',', previous.end) + 1 : container.start + 1
  const blanks = text.slice(from, last?.start)
  if (blanks.includes('\n')) return newline + afterNewline(blanks)
  return previous ? blanks : colon.slice(1)
}

/** `indent` undefined: on one line. */
const written = (
  value: unknown,
  key: string | undefined,
  layout: Layout,
  indent: string | undefined,
): string => {
  const name = key === undefined ? '' : JSON.stringify(key) + (indent === undefined ? layout.colon : ': ')
  if (indent === undefined || !layout.unit) return name + JSON.stringify(value)
  return name + JSON.stringify(value, null, layout.unit).replaceAll('\n', layout.newline + indent)
}

const indentIn = (gap: string): string | undefined => (gap.includes('\n') ? afterNewline(gap) : undefined)
const afterNewline = (blanks: string): string => blanks.slice(blanks.lastIndexOf('\n') + 1)
const lineIndent = (text: string, at: number): string =>
  /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1, at))?.[0] ?? ''

const isClosing = (character: string | undefined): boolean =>
  character === '}' || character === ']' || character === undefined

const skipBlanks = (text: string, from: number): number => {
  let at = from
  while (at < text.length && ' \t\r\n\uFEFF'.includes(text[at] ?? '')) at += 1
  return at
}

const stringEnd = (text: string, from: number): number => {
  let at = from + 1
  while (text[at] !== '"' && at < text.length) at += text[at] === '\\' ? 2 : 1
  return at + 1
}

const valueAt = (text: string, start: number): Span => {
  let at = start
  let depth = 0
  do {
    const character = text[at]
    if (character === '"') {
      at = stringEnd(text, at)
      continue
    }
    if (character === '{' || character === '[') depth += 1
    else if (isClosing(character)) depth -= 1
    else if (depth === 0) return { start, end: scalarEnd(text, at) }
    at += 1
  } while (depth > 0)
  return { start, end: at }
}

const scalarEnd = (text: string, from: number): number => {
  let at = from
  while (at < text.length && !',]} \t\r\n'.includes(text[at] ?? '')) at += 1
  return at
}
