// What a call was refused with.

import { PaidError } from '../../src/protocol/error.ts'

/** Undefined when it was not refused; throws what is no refusal. */
export const errorOf = async (call: Promise<unknown>): Promise<PaidError | undefined> => {
  try {
    await call
    return undefined
  } catch (error) {
    if (error instanceof PaidError) return error
    throw error
  }
}
