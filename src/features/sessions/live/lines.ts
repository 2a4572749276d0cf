// Lines of a stream of bytes, of any length and cut anywhere. One that is longer than is kept becomes a line that says
// how long it was.

const newline = 10

export const createLines = (most: number) => {
  const decoder = new TextDecoder()
  let parts: Uint8Array[] = []
  let bytes = 0

  const whole = (): string => {
    const text =
      bytes > most
        ? JSON.stringify({ type: 'too_long', bytes })
        : decoder.decode(parts.length === 1 ? parts[0] : Buffer.concat(parts))
    parts = []
    bytes = 0
    return text
  }

  const add = (part: Uint8Array): void => {
    if (part.length === 0) return
    bytes += part.length
    // of what is too long nothing is needed
    if (bytes > most) parts = []
    else parts.push(part)
  }

  return {
    /** Those that end in it. */
    take: (chunk: Uint8Array): string[] => {
      const lines: string[] = []
      let from = 0
      for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
        add(chunk.subarray(from, at))
        lines.push(whole())
        from = at + 1
      }
      // the buffer of a chunk may be filled anew: what waits is a copy
      if (from < chunk.length) add(chunk.slice(from))
      return lines
    },
    /** What is there of a last line that never ended. */
    rest: (): string[] => (bytes === 0 ? [] : [whole()]),
  }
}
