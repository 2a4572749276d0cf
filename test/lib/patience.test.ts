// Patience, and a machine that stands still.

import { expect, test } from 'bun:test'
import { patience } from '../../src/lib/patience.ts'
import { soon } from '../../src/lib/soon.ts'

test.each([0, 10, 60, 250])('of %i ms is over then, and not before', async (ms) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const began = performance.now()
  patience(ms, resolve)
  await promise
  // timers count whole milliseconds
  expect(performance.now() - began).toBeGreaterThan(ms - 1)
})

test('is not over because nothing ran for longer than that', async () => {
  let isOver = false
  const { promise, resolve } = Promise.withResolvers<void>()
  patience(100, () => {
    isOver = true
    resolve()
  })
  Bun.sleepSync(300)
  await Bun.sleep(0)
  expect(isOver).toBe(false)
  await promise
})

test('that was called off is never over', async () => {
  let isOver = false
  const callOff = patience(50, () => (isOver = true))
  await new Promise<void>((resolve) => patience(25, resolve))
  callOff()
  await new Promise<void>((resolve) => patience(100, resolve))
  expect(isOver).toBe(false)
})

test('what is done in a moment in which nothing else ran is soon', async () => {
  const work = Promise.withResolvers<void>()
  let isDone = false
  const waiting = soon(
    work.promise.then(() => (isDone = true)),
    50,
  )
  setTimeout(() => work.resolve(), 100)
  Bun.sleepSync(300)
  await waiting
  expect(isDone).toBe(true)
})
