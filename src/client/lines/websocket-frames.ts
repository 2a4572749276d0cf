// Frames of RFC 6455 as a client reads and writes them: its own are masked, the server's are not. Bytes may come cut
// anywhere; a long message costs no more than its bytes.

import { randomBytes } from 'node:crypto'
import { PaidError } from '../../protocol/error.ts'

export const opcodes = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** the bit that says whole message, in the first byte, and masked, in the second */
const marked = 0x80

export const encodeFrame = (opcode: number, payload: Buffer): Buffer => {
  const { length } = payload
  const size = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(size + 4 + length)
  frame[0] = marked | opcode
  if (size === 2) frame[1] = marked | length
  else if (size === 4) {
    frame[1] = marked | 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = marked | 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  const mask = randomBytes(4)
  mask.copy(frame, size)
  for (let at = 0; at < length; at++) frame[size + 4 + at] = (payload[at] ?? 0) ^ (mask[at & 3] ?? 0)
  return frame
}

type Told = { text: (message: string) => void; ping: (data: Buffer) => void; close: () => void }

/** Returns what takes the bytes; it throws `invalid_json` when they are no frames of a server. */
export const frameReader = ({ text, ping, close }: Told): ((bytes: Buffer) => void) => {
  let waiting: Buffer[] = []
  let held = 0
  let wanted = 2
  let parts: Buffer[] = []
  let ofText = false

  const handle = (final: boolean, opcode: number, payload: Buffer) => {
    if (opcode === opcodes.ping) ping(payload)
    else if (opcode === opcodes.close) close()
    else if (opcode <= opcodes.binary) {
      if (opcode !== opcodes.more) ofText = opcode === opcodes.text
      parts.push(payload)
      if (!final) return
      const [only, ...rest] = parts
      const message = only && rest.length === 0 ? only : Buffer.concat(parts)
      parts = []
      if (ofText) text(message.toString('utf8'))
    }
  }

  return (bytes) => {
    waiting.push(bytes)
    held += bytes.length
    if (held < wanted) return
    const all = waiting.length === 1 ? bytes : Buffer.concat(waiting)
    let at = 0
    for (wanted = 2; all.length - at >= 2;) {
      const first = all[at] ?? 0
      const second = all[at + 1] ?? 0
      if (second & marked || first & 0x70)
        throw new PaidError('invalid_json', 'Not a WebSocket frame of a server')
      const size = second < 126 ? 2 : second === 126 ? 4 : 10
      wanted = size
      if (all.length - at < size) break
      const length =
        size === 2 ? second : size === 4 ? all.readUInt16BE(at + 2) : Number(all.readBigUInt64BE(at + 2))
      wanted = size + length
      if (all.length - at < wanted) break
      handle((first & marked) !== 0, first & 15, all.subarray(at + size, at + wanted))
      at += wanted
      wanted = 2
    }
    const rest = all.subarray(at)
    waiting = rest.length > 0 ? [rest] : []
    held = rest.length
  }
}
