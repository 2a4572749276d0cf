// Cuts a byte stream into JSON documents: one ends at its newline, or, for senders that send none, where its outermost
// brace or bracket closes (there alone, if so wished). Chunks may be cut anywhere, also inside a character. The cost grows with the bytes. A
// document over the bound is reported once and skipped up to its newline without being kept.

const newline = 0x0a
const quote = 0x22
const backslash = 0x5c
const brace = 0x7b
/** what a byte does outside of strings; a table is read faster than a set is asked */
const opens = 1
const closes = 2
const quotes = 3
const role = new Uint8Array(256)
for (const brace of [0x7b, 0x5b]) role[brace] = opens
for (const brace of [0x7d, 0x5d]) role[brace] = closes
role[quote] = quotes
const blank = new Set([0x20, 0x09, 0x0d, newline])

export type Sink = {
  /** the text of one document; not known to be valid JSON */
  readonly document: (text: string) => void
  readonly tooLong: () => void
}

/** what is kept grows by blocks, small pieces are put together: no document is copied again while it grows */
const blockBytes = 64 * 1024
/** pieces from this size on are blocks themselves */
const wholeBytes = 32 * 1024

/** a string that has not ended after so many bytes is likely long: the rest is searched, which has its own price */
const shortString = 64

/** lines from this length on are made into texts one by one: each can go before the next one comes */
const longLine = 4 * 1024

const endOfLine = (lines: Buffer, from: number): number => {
  const found = lines.indexOf(newline, from)
  return found < 0 ? lines.length : found
}

export class DocumentReader {
  /** full but for the last, which has `#room` bytes left when it was begun here */
  #blocks: Buffer[] = []
  #room = 0
  #keptBytes = 0
  #skipping = false
  #depth = 0
  #inString = false
  #escaped = false
  readonly #maxBytes: number
  readonly #shortBytes: number
  readonly #sink: Sink
  readonly #byLine: boolean

  /** @param byLine false: a newline ends nothing that is open, as in JSON that is laid out over several lines */
  constructor(maxBytes: number, sink: Sink, byLine = true) {
    this.#maxBytes = maxBytes
    this.#shortBytes = Math.min(longLine, maxBytes)
    this.#sink = sink
    this.#byLine = byLine
  }

  /** of the document that has begun; of one that is skipped, the bound */
  get unfinishedBytes(): number {
    return this.#skipping ? this.#maxBytes : this.#keptBytes
  }

  /** Whether no document has begun. */
  get #isBetween(): boolean {
    return this.#keptBytes === 0 && !this.#skipping
  }

  /** Whether what has begun is neither object nor array, so that only a newline would end it. */
  get isLoose(): boolean {
    return this.#keptBytes > 0 && this.#depth === 0 && !this.#inString
  }

  /** @param chunk belongs to the reader from then on */
  push(chunk: Buffer): void {
    if (!this.#byLine) return this.#partial(this.#skipping ? this.#behindLine(chunk) : chunk)
    const lastNewline = chunk.lastIndexOf(newline)
    if (lastNewline < 0) return this.#partial(chunk)
    // most of what comes is whole lines: nothing else is made of them but their text
    if (this.#isBetween && lastNewline <= this.#shortBytes)
      this.#texts(chunk.toString('utf8', 0, lastNewline))
    else this.#lines(chunk.subarray(0, lastNewline))
    if (lastNewline + 1 < chunk.length) this.#partial(chunk.subarray(lastNewline + 1))
  }

  /** No more bytes come: what is left is a document, closed or not. */
  end(): void {
    this.#finish(Buffer.alloc(0))
  }

  /** What comes behind the line that is skipped. */
  #behindLine(chunk: Buffer): Buffer {
    const end = chunk.indexOf(newline)
    if (end < 0) return chunk.subarray(chunk.length)
    this.#reset()
    return chunk.subarray(end + 1)
  }

  /** Whole lines, the first of which may have begun before. One of several documents is left to its reader to split. */
  #lines(lines: Buffer): void {
    if (!this.#isBetween) {
      const end = lines.indexOf(newline)
      this.#finish(end < 0 ? lines : lines.subarray(0, end))
      if (end >= 0) this.#lines(lines.subarray(end + 1))
      return
    }
    const first = endOfLine(lines, 0)
    if (first <= longLine && lines.length <= this.#maxBytes) return this.#texts(lines.toString('utf8'))
    for (let start = 0, end = first; start <= lines.length; end = endOfLine(lines, start)) {
      this.#finish(lines.subarray(start, end))
      start = end + 1
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

  /** Short lines of a chunk that begins with one. */
  #texts(lines: string): void {
    if (lines.includes('\n')) for (const line of lines.split('\n')) this.#line(line)
    else this.#line(lines)
  }

  #line(line: string): void {
    if (line.charCodeAt(0) === brace || /[^ \t\r]/.test(line)) this.#sink.document(line)
  }

  /** Bytes with no newline behind them: complete when their outermost brace closes, kept otherwise. */
  #partial(bytes: Buffer): void {
    if (this.#skipping) return
    let start = 0
    for (let at = 0; at < bytes.length; at++) {
      if (this.#inString) {
        at = this.#endOfString(bytes, at)
        continue
      }
      const byte = bytes[at] ?? 0
      if (at === start && this.#keptBytes === 0 && blank.has(byte)) start++
      else if (role[byte] !== 0 && this.#closes(byte)) {
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

  /** The place of the quote that ends the string which goes on at `from`, or the end of the bytes. */
  #endOfString(bytes: Buffer, from: number): number {
    let far = from + shortString
    for (let at = from; at < bytes.length; at++) {
      if (at >= far) {
        at = this.#nextQuote(bytes, at)
        if (at === bytes.length) break
        far = at + shortString
      }
      if (this.#escaped) this.#escaped = false
      else if (bytes[at] === backslash) this.#escaped = true
      else if (bytes[at] === quote) {
        this.#inString = false
        return at
      }
    }
    return bytes.length
  }

  /** The place of the next quote, escaped or not as `#escaped` then says, or the end of the bytes. */
  #nextQuote(bytes: Buffer, from: number): number {
    const found = bytes.indexOf(quote, from)
    const end = found < 0 ? bytes.length : found
    let run = end
    while (run > from && bytes[run - 1] === backslash) run--
    // a backslash right before `from` escapes the first byte behind it
    const open = run === from && this.#escaped ? 1 : 0
    this.#escaped = (end - run + open) % 2 === 1
    return end
  }

  /** Follows braces; true at the byte that closes the outermost one. */
  #closes(byte: number): boolean {
    if (byte === quote) this.#inString = true
    else if (role[byte] === opens) this.#depth++
    else if (this.#depth > 0) return --this.#depth === 0
    return false
  }

  #skip(): void {
    this.#reset()
    this.#skipping = true
    this.#sink.tooLong()
  }

  #keep(bytes: Buffer): void {
    this.#keptBytes += bytes.length
    for (let from = 0; from < bytes.length;) {
      if (this.#room === 0) {
        if (bytes.length - from >= wholeBytes) return void this.#blocks.push(bytes.subarray(from))
        this.#room = blockBytes
        this.#blocks.push(Buffer.allocUnsafe(blockBytes))
      }
      const block = this.#blocks.at(-1)
      if (!block) return
      const taken = bytes.copy(block, block.length - this.#room, from)
      this.#room -= taken
      from += taken
    }
  }

  /** What was kept, and these bytes. */
  #text(bytes: Buffer): string {
    if (this.#keptBytes === 0) return bytes.toString('utf8')
    this.#keep(bytes)
    const [only, ...more] = this.#blocks
    const whole = only && more.length === 0 ? only : Buffer.concat(this.#blocks, this.#keptBytes)
    return whole.toString('utf8', 0, this.#keptBytes)
  }

  #reset(): void {
    if (this.#keptBytes > 0) {
      this.#blocks = []
      this.#room = 0
    }
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
