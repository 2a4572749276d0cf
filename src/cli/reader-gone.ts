// Notices that nobody reads our output any more (`| head` has ended) without writing to it: a command that waits for
// something to say would otherwise wait for ever. Where the system does not tell, it is noticed at the next line.

import { FFIType, ptr } from 'bun:ffi'
import { openC } from '../lib/c-library.ts'

const lookEveryMs = 50
/** POLLERR, POLLHUP: the other end of the pipe is closed */
const gone = 0x08 | 0x10

/** Calls `then` once when the reader of stdout has gone; gives back what stops looking. */
export const whenReaderGone = (then: () => void): (() => void) => {
  const look = openLook()
  if (!look) return () => {}
  const timer = setInterval(() => {
    if (!look()) return
    clearInterval(timer)
    then()
  }, lookEveryMs)
  return () => clearInterval(timer)
}

const openLook = (): (() => boolean) | undefined => {
  try {
    const { poll } = openC({
      poll: { args: [FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i32 },
    })
    // struct pollfd: int fd, short events, short revents
    const asked = new Uint8Array(8)
    const fields = new DataView(asked.buffer)
    fields.setInt32(0, 1, true)
    return () => poll(ptr(asked), 1, 0) > 0 && (fields.getInt16(6, true) & gone) !== 0
  } catch {
    return undefined
  }
}
