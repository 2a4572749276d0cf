// The last of a stream, from the beginning of a line where there is one.

/** @param most bytes that are kept */
export const createTail = (most: number) => {
  let bytes = Buffer.alloc(0)
  let cut = false
  return {
    take: (chunk: Uint8Array): void => {
      const joined = Buffer.concat([bytes, chunk])
      cut ||= joined.length > most
      bytes = joined.subarray(-most)
    },
    get text(): string {
      const all = bytes.toString('utf8')
      const from = cut ? all.indexOf('\n') + 1 : 0
      return all.slice(from).trim()
    },
  }
}
