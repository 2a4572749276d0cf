// A WebSocket made of bytes: frames as wrong as a test wants them go out, whole frames come in, and the reader may stop
// reading.

import type { Asking } from './http-text.ts'
import { head } from './http-text.ts'
import { openWire, type Wire } from './wire.ts'

export type Frame = { opcode: number; payload: Buffer }

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** One frame's bytes, masked as a client must unless told otherwise. */
export const frameOf = (
  opcode: number,
  payload: string | Uint8Array = '',
  { fin = true, masked = true, reserved = 0 }: { fin?: boolean; masked?: boolean; reserved?: number } = {},
): Buffer => {
  const body = Buffer.from(payload)
  const start = [(fin ? 0x80 : 0) | reserved | opcode]
  const bit = masked ? 0x80 : 0
  const length = Buffer.alloc(body.length > 0xffff ? 8 : body.length > 125 ? 2 : 0)
  if (length.length === 8) length.writeBigUInt64BE(BigInt(body.length))
  if (length.length === 2) length.writeUInt16BE(body.length)
  start.push(bit | (length.length === 8 ? 127 : length.length === 2 ? 126 : body.length))
  // a mask of zeros is a mask
  return Buffer.concat([Buffer.from(start), length, Buffer.alloc(masked ? 4 : 0), body])
}

export type WebSocketWire = AsyncDisposable & {
  wire: Wire
  frames: Frame[]
  /** the text frames so far */
  texts: () => string[]
  send: (bytes: Uint8Array) => void
  say: (text: string) => void
  /** Waits until `enough` is true of the frames, or the connection has ended. */
  until: (enough: (frames: Frame[]) => boolean) => Promise<Frame[]>
  /** the code of the close frame, once it came */
  closeCode: () => number | undefined
  end: () => void
}

/** Upgraded, greeted on every path but /ws, and ready; throws with the answer when the upgrade is refused. */
export const openWebSocketWire = async (daemon: Asking, path = '/ws'): Promise<WebSocketWire> => {
  const wire = await openWire(daemon.url)
  wire.send(
    head(
      daemon,
      'GET',
      path,
      'upgrade: websocket',
      'connection: Upgrade',
      'sec-websocket-version: 13',
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    ),
  )
  const answer = await wire.until('\r\n\r\n')
  if (!answer.startsWith('HTTP/1.1 101')) {
    wire.end()
    throw new Error(answer)
  }
  const frames: Frame[] = []
  let changed = Promise.withResolvers<void>()
  let rest: Buffer = Buffer.from(wire.bytes().subarray(wire.bytes().indexOf('\r\n\r\n') + 4))
  const read = () => {
    for (let found = cut(rest); found; found = cut(rest)) {
      frames.push(found.frame)
      rest = found.rest
    }
    changed.resolve()
  }
  wire.take((chunk) => {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    read()
  })
  read()
  void wire.closed.then(() => changed.resolve())

  const until = async (enough: (frames: Frame[]) => boolean): Promise<Frame[]> => {
    while (!enough(frames)) {
      if (wire.isClosed()) break
      changed = Promise.withResolvers<void>()
      await changed.promise
    }
    return frames
  }
  if (new URL(path, daemon.url).pathname !== '/ws') {
    await until(({ length }) => length > 0)
    frames.shift()
  }

  const textsOf = () =>
    frames.filter(({ opcode }) => opcode === opcodes.text).map(({ payload }) => payload.toString())
  return {
    wire,
    frames,
    texts: textsOf,
    send: wire.send,
    say: (text) => wire.send(frameOf(opcodes.text, text)),
    until,
    closeCode: () => {
      const close = frames.find(({ opcode }) => opcode === opcodes.close)
      return close && close.payload.length >= 2 ? close.payload.readUInt16BE(0) : undefined
    },
    end: wire.end,
    [Symbol.asyncDispose]: () => wire[Symbol.asyncDispose](),
  }
}

/** The first frame of a server's bytes, which are not masked; undefined while it is not whole. */
const cut = (bytes: Buffer): { frame: Frame; rest: Buffer } | undefined => {
  const short = (bytes[1] ?? 0) & 0x7f
  const start = short === 127 ? 10 : short === 126 ? 4 : 2
  if (bytes.length < start) return undefined
  const length =
    short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short
  if (bytes.length < start + length) return undefined
  return {
    frame: { opcode: (bytes[0] ?? 0) & 0x0f, payload: bytes.subarray(start, start + length) },
    rest: bytes.subarray(start + length),
  }
}
