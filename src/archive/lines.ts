// The lines of a file that grows, slice by slice. A last line without its newline is left until it has it, unless it is
// a whole JSON object, to which nothing can be added; a line longer than a limit is skipped, and said so. Lines are
// bytes: whether they are text is not asked here.

import { readSync } from 'node:fs'

/** `bytes` is without the newline, and valid until the next slice is read. */
export type Line = { bytes: Buffer; offset: number } | { tooLong: number; offset: number }

export type Slice = { lines: Line[]; next: number }

const newline = 10

/**
 * @param sliceBytes how much is read at once; more when one line is longer
 * @param longest a line of more bytes is skipped
 */
export const createLineReader = (sliceBytes: number, longest: number) => {
  let buffer = Buffer.allocUnsafe(sliceBytes)

  /** Where the line ends that begins at `offset` and is too long: behind its newline; undefined while it has none. */
  const endOfLong = (file: number, offset: number): number | undefined => {
    for (let at = offset; ;) {
      const read = readSync(file, buffer, 0, buffer.length, at)
      const end = buffer.subarray(0, read).indexOf(newline)
      if (end >= 0) return at + end + 1
      if (read < buffer.length) return undefined
      at += read
    }
  }

  return {
    /** The whole lines from `offset` on, some of them; none when no further line is whole yet. */
    read: (file: number, offset: number): Slice => {
      if (buffer.length > 4 * sliceBytes) buffer = Buffer.allocUnsafe(sliceBytes)
      let filled = readSync(file, buffer, 0, buffer.length, offset)
      let last = buffer.subarray(0, filled).lastIndexOf(newline)
      while (last < 0 && filled === buffer.length) {
        if (filled > longest) {
          const next = endOfLong(file, offset)
          if (next === undefined) return { lines: [], next: offset }
          return { lines: [{ tooLong: next - 1 - offset, offset }], next }
        }
        const larger = Buffer.allocUnsafe(Math.min(buffer.length * 2, longest + sliceBytes))
        buffer.copy(larger)
        buffer = larger
        filled += readSync(file, buffer, filled, buffer.length - filled, offset + filled)
        last = buffer.subarray(0, filled).lastIndexOf(newline)
      }
      const lines: Line[] = []
      for (let start = 0; start <= last;) {
        const end = buffer.indexOf(newline, start)
        const carriage = end > start && buffer[end - 1] === 13 ? 1 : 0
        if (end - carriage > start)
          lines.push(
            end - start > longest
              ? { tooLong: end - start, offset: offset + start }
              : { bytes: buffer.subarray(start, end - carriage), offset: offset + start },
          )
        start = end + 1
      }
      const rest = buffer.subarray(last + 1, filled)
      if (filled === buffer.length || !isWholeObject(rest)) return { lines, next: offset + last + 1 }
      lines.push({ bytes: rest, offset: offset + last + 1 })
      return { lines, next: offset + filled }
    },
  }
}

const isWholeObject = (bytes: Buffer): boolean => {
  if (bytes[0] !== 0x7b || bytes.at(-1) !== 0x7d) return false
  try {
    JSON.parse(bytes.toString('utf8'))
    return true
  } catch {
    return false
  }
}
