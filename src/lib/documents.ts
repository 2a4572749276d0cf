// Cuts a byte stream into JSON documents: one ends at its newline, or, for senders that send none, where its outermost
// brace or bracket closes. Chunks may be cut anywhere, also inside a character. The cost grows with the bytes. A
// document over the bound is reported once and skipped up to its newline without being kept.

const newline = 0x0a
const quote = 0x22
const backslash = 0x5c
const opening = new Set([0x7b, 0x5b])
const closing = new Set([0x7d, 0x5d])
const blank = new Set([0x20, 0x09, 0x0d, newline])

export type Sink = {
  /** the text of one document; not known to be valid JSON */
  readonly document: (text: string) => void
  readonly tooLong: () => void
}

export class DocumentReader {
  #kept: Buffer[] = []
  #keptBytes = 0
  #skipping = false
  #depth = 0
  #inString = false
  #escaped = false
  readonly #maxBytes: number
  readonly #sink: Sink

  constructor(maxBytes: number, sink: Sink) {
    this.#maxBytes = maxBytes
    this.#sink = sink
  }

  push(chunk: Buffer): void {
    const lastNewline = chunk.lastIndexOf(newline)
    if (lastNewline >= 0) this.#lines(chunk.subarray(0, lastNewline))
    const rest = lastNewline >= 0 ? chunk.subarray(lastNewline + 1) : chunk
    if (rest.length > 0) this.#partial(rest)
  }

  /** Whole lines, the first of which may have begun before. */
  #lines(lines: Buffer): void {
    if (this.#skipping) {
      const end = lines.indexOf(newline)
      this.#reset()
      if (end >= 0) this.#lines(lines.subarray(end + 1))
      return
    }
    const bytes = this.#keptBytes > 0 ? Buffer.concat([...this.#kept, lines]) : lines
    this.#reset()
    if (bytes.length <= this.#maxBytes) {
      for (const line of bytes.toString('utf8').split('\n')) this.#line(line)
      return
    }
    for (let start = 0; start <= bytes.length;) {
      const found = bytes.indexOf(newline, start)
      const end = found < 0 ? bytes.length : found
      if (end - start > this.#maxBytes) this.#sink.tooLong()
      else this.#line(bytes.toString('utf8', start, end))
      start = end + 1
    }
  }

  #line(line: string): void {
    if (line.trim() !== '') this.#sink.document(line)
  }

  /** Bytes behind the last newline: complete when their outermost brace closes, kept otherwise. */
  #partial(bytes: Buffer): void {
    if (this.#skipping) return
    let start = 0
    for (let at = 0; at < bytes.length; at++) {
      if (!this.#closes(bytes[at] ?? 0)) continue
      const part = bytes.subarray(start, at + 1)
      const text = (this.#keptBytes > 0 ? Buffer.concat([...this.#kept, part]) : part).toString('utf8')
      this.#reset()
      start = at + 1
      this.#line(text)
    }
    while (this.#keptBytes === 0 && start < bytes.length && blank.has(bytes[start] ?? 0)) start++
    const rest = bytes.subarray(start)
    if (rest.length === 0) return
    if (this.#keptBytes + rest.length > this.#maxBytes) {
      this.#reset()
      this.#skipping = true
      this.#sink.tooLong()
      return
    }
    this.#kept.push(Buffer.from(rest))
    this.#keptBytes += rest.length
  }

  /** Follows strings and braces; true at the byte that closes the outermost one. */
  #closes(byte: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false
      else if (byte === backslash) this.#escaped = true
      else if (byte === quote) this.#inString = false
      return false
    }
    if (byte === quote) this.#inString = true
    else if (opening.has(byte)) this.#depth++
    else if (closing.has(byte) && this.#depth > 0) return --this.#depth === 0
    return false
  }

  #reset(): void {
    this.#kept = []
    this.#keptBytes = 0
    this.#skipping = false
    this.#depth = 0
    this.#inString = false
    this.#escaped = false
  }
}

/** The documents in a text that holds several one after the other without a newline; undefined when it does not. */
export const splitDocuments = (text: string): string[] | undefined => {
  const found: string[] = []
  const reader = new DocumentReader(text.length * 4, {
    document: (document) => found.push(document),
    tooLong: () => undefined,
  })
  const bytes = Buffer.from(text)
  reader.push(bytes)
  const total = found.reduce((sum, document) => sum + Buffer.byteLength(document), 0)
  return found.length > 1 && total === bytes.length ? found : undefined
}
