// Text of others on our terminal: shown, never obeyed. Control characters, escapes, marks that turn the reading
// direction and characters without a width become visible escapes; a line stays a line.

const unseen =
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what it shows
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]|[\u{e0000}-\u{e0fff}]/gu

const known: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' }

const escaped = (character: string): string => {
  const code = (character.codePointAt(0) ?? 0).toString(16)
  return known[character] ?? (code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`)
}

export const visible = (text: string): string => text.replace(unseen, escaped)

/** The same for several lines of one text, which keep their tabs: code is indented with them. */
export const visibleLines = (text: string): string => text.replace(/[^\n\t]+/g, visible)

/** At most `columns` wide on a terminal, cut with an ellipsis. */
export const clip = (text: string, columns: number): string => {
  if (text.length * 2 <= columns || Bun.stringWidth(text) <= columns) return text
  const room = Math.max(0, columns - 1)
  // Where a wide character stands on the edge, sliceAnsi takes it whole, a column too much.
  const cut = Bun.sliceAnsi(text, 0, room)
  return (Bun.stringWidth(cut) > room ? Bun.sliceAnsi(text, 0, room - 1) : cut) + '…'
}

/** Exactly `columns` wide. */
export const fit = (text: string, columns: number): string => {
  const cut = clip(text, columns)
  return cut + ' '.repeat(Math.max(0, columns - Bun.stringWidth(cut)))
}

/** A name at the beginning of a line: as wide as the column, wider when it is, never cut. */
export const nameColumn = (name: string, columns: number): string => {
  const shown = visible(name)
  return shown.length > columns ? shown : fit(shown, columns)
}
