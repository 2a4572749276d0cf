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
  #kept = Buffer.alloc(0)
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
    this.#partial(lastNewline >= 0 ? chunk.subarray(lastNewline + 1) : chunk)
  }

  /** No more bytes come: what is left is a document, closed or not. */
  end(): void {
    this.#finish(Buffer.alloc(0))
  }

  /** Whole lines, the first of which may have begun before. One of several documents is left to its reader to split. */
  #lines(lines: Buffer): void {
    if (this.#skipping || this.#keptBytes > 0) {
      const end = lines.indexOf(newline)
      this.#finish(end < 0 ? lines : lines.subarray(0, end))
      if (end >= 0) this.#lines(lines.subarray(end + 1))
    } else if (lines.length <= this.#maxBytes) {
      for (const line of lines.toString('utf8').split('\n')) this.#line(line)
    } else {
      for (let start = 0; start <= lines.length;) {
        const found = lines.indexOf(newline, start)
        const end = found < 0 ? lines.length : found
        this.#finish(lines.subarray(start, end))
        start = end + 1
      }
    }
  }

  /** The last bytes of a line. */
  #finish(bytes: Buffer): void {
    if (this.#keptBytes + bytes.length <= this.#maxBytes) {
      if (!this.#skipping) this.#line(this.#text(bytes))
    } else {
      // its documents may each be short enough
      this.#partial(bytes)
      if (this.#keptBytes > 0) this.#line(this.#text(Buffer.alloc(0)))
    }
    this.#reset()
  }

  #line(line: string): void {
    if (/[^ \t\r]/.test(line)) this.#sink.document(line)
  }

  /** Bytes with no newline behind them: complete when their outermost brace closes, kept otherwise. */
  #partial(bytes: Buffer): void {
    if (this.#skipping) return
    let start = 0
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0
      if (at === start && this.#keptBytes === 0 && blank.has(byte)) start++
      else if (this.#closes(byte)) {
        const part = bytes.subarray(start, at + 1)
        if (this.#keptBytes + part.length > this.#maxBytes) return this.#skip()
        const text = this.#text(part)
        this.#reset()
        start = at + 1
        this.#line(text)
      }
    }
    const rest = bytes.subarray(start)
    if (this.#keptBytes + rest.length > this.#maxBytes) this.#skip()
    else this.#keep(rest)
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

  #skip(): void {
    this.#reset()
    this.#skipping = true
    this.#sink.tooLong()
  }

  /** Room grows by doubling, so that a document in many small pieces costs no more than its bytes. */
  #keep(bytes: Buffer): void {
    const size = this.#keptBytes + bytes.length
    if (size > this.#kept.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, Math.min(this.#kept.length * 2, this.#maxBytes)))
      this.#kept.copy(larger, 0, 0, this.#keptBytes)
      this.#kept = larger
    }
    bytes.copy(this.#kept, this.#keptBytes)
    this.#keptBytes = size
  }

  /** What was kept, and these bytes. */
  #text(bytes: Buffer): string {
    if (this.#keptBytes === 0) return bytes.toString('utf8')
    this.#keep(bytes)
    return this.#kept.toString('utf8', 0, this.#keptBytes)
  }

  #reset(): void {
    if (this.#keptBytes > 0) this.#kept = Buffer.alloc(0)
    this.#keptBytes = 0
    this.#skipping = false
    this.#depth = 0
    this.#inString = false
    this.#escaped = false
  }
}

/** The documents in a line that holds several one after the other; undefined when it does not. */
export const splitDocuments = (text: string): string[] | undefined => {
  const found: string[] = []
  const reader = new DocumentReader(Infinity, {
    document: (document) => found.push(document),
    tooLong: () => undefined,
  })
  reader.push(Buffer.from(text))
  reader.end()
  return found.length > 1 ? found : undefined
}
