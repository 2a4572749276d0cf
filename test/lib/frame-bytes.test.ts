// Frames into bytes: one a line, whatever their size; kept bytes stay what they were.

import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { createFrameBytes } from '../../src/lib/frame-bytes.ts'

const long = (text: string, bytes: number) => text.repeat(Math.ceil(bytes / Buffer.byteLength(text)))

const frame = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('é', '日本', '😀', 'a'.repeat(5000)),
  fc.constantFrom(
    long('x', 400_000),
    long('é', 600_000),
    long('日', 1024 * 1024 - 1),
    long('x', 1024 * 1024 - 1),
    long('x', 1024 * 1024),
  ),
)
const batches = fc.array(
  fc.tuple(fc.array(frame, { maxLength: 5 }), fc.double({ min: 0, max: 1, noNaN: true })),
  {
    maxLength: 6,
  },
)

test('frames become lines, and what is kept of them holds', () => {
  fc.assert(
    fc.property(batches, (sent) => {
      const frameBytes = createFrameBytes()
      const kept: { bytes: Buffer; text: string }[] = []
      for (const [frames, share] of sent) {
        const expected = Buffer.from(frames.map((each) => `${each}\n`).join(''))
        expect(frameBytes.of(frames).equals(expected)).toBe(true)
        const start = Math.floor(expected.length * share)
        kept.push({ bytes: frameBytes.keep(start), text: expected.toString('latin1', start) })
        // another listener of the same frames
        expect(frameBytes.of([...frames]).equals(expected)).toBe(true)
      }
      for (const { bytes, text } of kept) expect(bytes.toString('latin1') === text).toBe(true)
    }),
    { numRuns: 60 },
  )
})
