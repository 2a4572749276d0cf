// Frames of a WebSocket, as a client reads them, cut anywhere.

import { describe, expect, test } from 'bun:test'
import { array, assert, constantFrom, integer, nat, property, record, string } from 'fast-check'
import { encodeFrame, frameReader, opcodes } from '../../src/client/lines/websocket-frames.ts'

/** As a server writes it: not masked. */
const frame = (opcode: number, payload: Buffer, final = true): Buffer => {
  const { length } = payload
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  head[0] = (final ? 0x80 : 0) | opcode
  if (head.length === 2) head[1] = length
  else if (head.length === 4) {
    head[1] = 126
    head.writeUInt16BE(length, 2)
  } else {
    head[1] = 127
    head.writeBigUInt64BE(BigInt(length), 2)
  }
  return Buffer.concat([head, payload])
}

const readAll = (bytes: Buffer, cuts: number[]) => {
  const heard: string[] = []
  const read = frameReader({
    text: (message) => heard.push(message),
    ping: (data) => heard.push(`ping ${data.toString()}`),
    close: () => heard.push('close'),
  })
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  for (const [n, from] of at.entries()) read(bytes.subarray(from, at[n + 1] ?? bytes.length))
  return heard
}

describe('frames', () => {
  test('are read whole wherever they are cut, pings between the parts of a message', () => {
    const message = record({
      text: string({ unit: 'binary', maxLength: 300 }),
      long: constantFrom(0, 0, 0, 125, 126, 65_535, 65_536),
      parts: integer({ min: 1, max: 3 }),
    })
    assert(
      property(array(message, { maxLength: 6 }), array(nat(), { maxLength: 20 }), (messages, cuts) => {
        const expected: string[] = []
        const bytes = messages.flatMap(({ text, long, parts }) => {
          const whole = Buffer.from(text + 'x'.repeat(long))
          const step = Math.ceil(whole.length / parts) || 1
          const pieces = Array.from({ length: parts }, (_, n) => whole.subarray(n * step, (n + 1) * step))
          expected.push(...pieces.slice(1).map(() => 'ping p'), whole.toString('utf8'))
          return pieces.flatMap((piece, n) => [
            ...(n > 0 ? [frame(opcodes.ping, Buffer.from('p'))] : []),
            frame(n > 0 ? opcodes.more : opcodes.text, piece, n === parts - 1),
          ])
        })
        expect(readAll(Buffer.concat(bytes), cuts)).toEqual(expected)
      }),
    )
  })

  test('of a client are masked and are what they were when unmasked', () => {
    for (const length of [0, 1, 125, 126, 65_535, 65_536, 70_000]) {
      const payload = Buffer.alloc(length, 'abc')
      const sent = encodeFrame(opcodes.text, payload)
      expect((sent[1] ?? 0) & 0x80).toBe(0x80)
      const size = sent.length - length
      const mask = sent.subarray(size - 4, size)
      const shown = sent.subarray(size).map((byte, at) => byte ^ (mask[at % 4] ?? 0))
      expect(Buffer.compare(Buffer.from(shown), payload)).toBe(0)
    }
  })

  test('that no server may send end the connection', () => {
    expect(() => readAll(encodeFrame(opcodes.text, Buffer.from('masked')), [])).toThrow()
    expect(() => readAll(Buffer.from([0xc1, 0]), [])).toThrow()
  })
})
