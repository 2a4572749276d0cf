// How a command ends: with its exit code, or with what went wrong said once and the exit code of that.

import { PaidError } from '../protocol/error.ts'

export const outcomeOf = async (work: () => Promise<number | void>): Promise<number> => {
  try {
    return (await work()) ?? 0
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const { complain } = await import('./talk.ts')
    await complain(error)
    return error instanceof PaidError ? error.exit : 1
  }
}
