// What waits for one peer: everything pushed leaves once, in order, in one go at the end of a turn; each owner knows
// how much of its own still waits.

import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { Outbox, type Owner } from '../../src/lib/outbox.ts'

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

const newOwner = (): Owner => ({ unsentFrames: 0, unsentBytes: 0, sentSeq: 0 })

/** A socket that takes as many frames as it has room for. */
const openSocket = (room = Infinity) => {
  const state = { room, left: [] as string[], writes: 0 }
  const outbox = new Outbox((frames) => {
    state.writes++
    const taken = Math.min(state.room, frames.length)
    state.room -= taken
    state.left.push(...frames.slice(0, taken))
    return taken
  })
  return { outbox, state }
}

const settled = async (promise: Promise<void>): Promise<boolean> => {
  let done = false
  void promise.then(() => {
    done = true
  })
  await turn()
  return done
}

test('what is pushed in a turn leaves at its end in one write', async () => {
  const { outbox, state } = openSocket()
  for (const text of ['a', 'b', 'c']) outbox.push(text)
  expect(state.left).toEqual([])
  await turn()
  expect(state).toMatchObject({ left: ['a', 'b', 'c'], writes: 1 })
})

test('a socket that refuses is left alone until it drains, and then gets the rest in order', async () => {
  const { outbox, state } = openSocket(1)
  for (const text of ['a', 'b', 'c']) outbox.push(text)
  await turn()
  expect(outbox.blocked).toBe(true)
  const { writes } = state
  outbox.push('d')
  await turn()
  expect(state.writes).toBe(writes)
  state.room = 2
  outbox.drained()
  expect(state.left).toEqual(['a', 'b', 'c'])
  expect([outbox.blocked, outbox.size]).toEqual([true, 1])
  state.room = Infinity
  outbox.drained()
  expect(state.left).toEqual(['a', 'b', 'c', 'd'])
  expect([outbox.blocked, outbox.size]).toEqual([false, 0])
})

test('a socket that took the last frames and says that it is full is blocked', async () => {
  const outbox: Outbox = new Outbox((frames) => {
    outbox.block()
    return frames.length
  })
  outbox.push('a')
  await turn()
  expect([outbox.blocked, outbox.size]).toEqual([true, 0])
  const empty = outbox.empty()
  expect(await settled(empty)).toBe(false)
  outbox.drained()
  expect(await settled(empty)).toBe(true)
})

test('whoever waits for it to be empty is woken by the last frame, by a discard, or by the end', async () => {
  const quick = openSocket()
  expect(await settled(quick.outbox.empty())).toBe(true)
  quick.outbox.push('a')
  expect(await settled(quick.outbox.empty())).toBe(true)

  const owner = newOwner()
  quick.outbox.push('b', owner)
  const discarded = quick.outbox.empty()
  quick.outbox.discard(owner)
  expect(await settled(discarded)).toBe(true)
  expect(quick.state.left).toEqual(['a'])

  const full = openSocket(0)
  full.outbox.push('a')
  await turn()
  const ended = full.outbox.empty()
  expect(await settled(ended)).toBe(false)
  full.outbox.close()
  expect(await settled(ended)).toBe(true)
  expect(await settled(full.outbox.empty())).toBe(true)
  full.outbox.push('never')
  await turn()
  expect(full.state.left).toEqual([])
})

type Step =
  | { kind: 'push'; owner: number; bytes: number; stored: boolean }
  | { kind: 'discard'; owner: number }
  | { kind: 'drain'; room: number }
  | { kind: 'turn' }

const owners = 3
const owner = fc.nat({ max: owners - 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('push' as const),
      owner: fc.nat({ max: owners }),
      bytes: fc.constantFrom(1, 10, 200_000),
      stored: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('discard' as const), owner }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('drain' as const), room: fc.nat({ max: 20 }) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'turn' as const }) },
)

test('whatever is pushed, refused and taken back: nothing is lost or doubled, and every owner is counted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 10 }), fc.array(step, { maxLength: 80 }), async (room, steps) => {
      const { outbox, state } = openSocket(room)
      const counted = Array.from({ length: owners }, newOwner)
      let waiting: { text: string; owner: number; bytes: number; seq: number }[] = []
      const sent = { texts: [] as string[], seqs: [0, 0, 0] }
      const follow = (): void => {
        for (const text of state.left.slice(sent.texts.length)) {
          const frame = waiting.shift()
          expect(frame?.text).toBe(text)
          sent.texts.push(text)
          if (frame && frame.seq > 0) sent.seqs[frame.owner] = frame.seq
        }
        for (const [n, each] of counted.entries()) {
          const own = waiting.filter((frame) => frame.owner === n)
          const unsentBytes = own.reduce((sum, { bytes }) => sum + bytes, 0)
          expect(each).toEqual({ unsentFrames: own.length, unsentBytes, sentSeq: sent.seqs[n] ?? 0 })
        }
        expect(outbox.size).toBe(waiting.length)
      }
      for (const [n, next] of steps.entries()) {
        if (next.kind === 'push') {
          const frame = { ...next, text: `${n}`, seq: next.stored ? n + 1 : 0 }
          waiting.push(frame)
          outbox.push(frame.text, counted[next.owner], frame.bytes, frame.seq)
        } else if (next.kind === 'discard') {
          const taken = counted[next.owner]
          if (taken) outbox.discard(taken)
          waiting = waiting.filter((frame) => frame.owner !== next.owner)
        } else if (next.kind === 'drain') {
          state.room += next.room
          outbox.drained()
        } else await turn()
        follow()
      }
      state.room = Infinity
      outbox.drained()
      follow()
      expect(waiting).toEqual([])
    }),
    { numRuns: 200 },
  )
})

test('ten thousand frames leave in bounded pieces', async () => {
  const sizes: number[] = []
  const left: string[] = []
  const outbox = new Outbox((frames) => {
    sizes.push(frames.length)
    left.push(...frames)
    return frames.length
  })
  const texts = Array.from({ length: 10_000 }, (_, n) => String(n))
  for (const text of texts) outbox.push(text)
  await turn()
  expect(left).toEqual(texts)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(512)
})
