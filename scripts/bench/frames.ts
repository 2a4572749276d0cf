// Counts the WebSocket frames in a server's bytes without looking into them: from head to head.

export const createFrameCounter = () => {
  let head: Buffer | undefined
  let left = 0

  const counter = {
    frames: 0,
    bytes: 0,
    push: (chunk: Buffer): void => {
      counter.bytes += chunk.length
      let at = 0
      let bytes = chunk
      if (left > 0) {
        if (left > bytes.length) {
          left -= bytes.length
          return
        }
        at = left
        left = 0
        counter.frames++
      } else if (head) {
        bytes = Buffer.concat([head, chunk])
        head = undefined
      }
      while (at < bytes.length) {
        const short = (bytes[at + 1] ?? 0) & 0x7f
        const start = at + (short === 127 ? 10 : short === 126 ? 4 : 2)
        if (start > bytes.length || at + 2 > bytes.length) {
          head = Buffer.from(bytes.subarray(at))
          return
        }
        if (bytes[at] !== wholeText)
          throw new Error(`A frame that is no text: ${bytes.toString('latin1', at, at + 200)}`)
        const length =
          short === 127
            ? Number(bytes.readBigUInt64BE(at + 2))
            : short === 126
              ? bytes.readUInt16BE(at + 2)
              : short
        at = start + length
        if (at > bytes.length) {
          left = at - bytes.length
          return
        }
        counter.frames++
      }
    },
  }
  return counter
}

const wholeText = 0x81
