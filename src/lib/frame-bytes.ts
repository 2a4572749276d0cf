// Frames as they travel, one a line. Whoever listens to one channel gets the same ones: they are made into bytes once.
// The bytes lie in one buffer that is used again, so that what is written at once leaves nothing behind: they hold until
// the next frames are asked for, unless they are kept.

/** the frames of one write, and what a last long one has more; memory that is not written to is not taken */
const sharedBytes = 1024 * 1024
/** bytes of UTF-8 that a character of a string can take */
const mostBytes = 3

const newline = 0x0a

const fits = (frames: readonly string[]): boolean => {
  let most = 0
  for (const frame of frames) most += frame.length * mostBytes + 1
  return most <= sharedBytes || bytesOf(frames) <= sharedBytes
}

const bytesOf = (frames: readonly string[]): number =>
  frames.reduce((sum, frame) => sum + Buffer.byteLength(frame) + 1, 0)

export const createFrameBytes = () => {
  const shared = Buffer.allocUnsafeSlow(sharedBytes)
  let frames: readonly string[] = []
  let bytes: Buffer = shared.subarray(0, 0)
  let isShared = true

  const encode = (wanted: readonly string[]): Buffer => {
    isShared = fits(wanted)
    const room = isShared ? shared : Buffer.allocUnsafeSlow(bytesOf(wanted))
    let end = 0
    for (const frame of wanted) {
      end += room.write(frame, end)
      room[end++] = newline
    }
    return room.subarray(0, end)
  }

  return {
    of: (wanted: readonly string[]): Buffer => {
      const same = wanted.length === frames.length && wanted.every((frame, at) => frame === frames[at])
      if (!same) {
        bytes = encode(wanted)
        frames = wanted
      }
      return bytes
    },
    /** The bytes of the last frames from `start` on, which hold for good. */
    keep: (start: number): Buffer => {
      if (isShared) bytes = Buffer.from(bytes)
      isShared = false
      return bytes.subarray(start)
    },
  }
}
