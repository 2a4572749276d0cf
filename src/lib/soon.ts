// Waiting for something, but not without end.

import { patience } from './patience.ts'

/** Resolves with the work, or after so long without it. */
export const soon = async (work: Promise<unknown>, ms: number): Promise<void> => {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const callOff = patience(ms, resolve)
  await Promise.race([work, late])
  callOff()
}
