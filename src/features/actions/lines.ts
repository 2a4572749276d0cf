// How many runs of one action there are at a time, and who waits for one to end: first come, first served, bounded.

import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'

type Line = { running: number; concurrency: number; waiting: PromiseWithResolvers<void>[] }

export const createLines = () => {
  const lines = new Map<string, Line>()

  const proceed = (key: string, line: Line): void => {
    while (line.running < line.concurrency) {
      const next = line.waiting.shift()
      if (!next) break
      line.running++
      next.resolve()
    }
    if (line.running === 0) lines.delete(key)
  }

  return {
    /** Resolves when it may begin; `leave` ends its turn. Throws `busy` when too many wait. */
    enter: async (key: string, concurrency: number): Promise<{ leave: () => void }> => {
      const line = lines.get(key) ?? { running: 0, concurrency, waiting: [] }
      lines.set(key, line)
      line.concurrency = concurrency
      if (line.waiting.length >= limits.actionLine)
        throw new PaidError('busy', `${limits.actionLine} runs of it wait in line already`)
      const turn = Promise.withResolvers<void>()
      line.waiting.push(turn)
      proceed(key, line)
      await turn.promise
      return {
        leave: () => {
          line.running--
          proceed(key, line)
        },
      }
    },

    counts: (key: string): { running: number; waiting: number } => {
      const line = lines.get(key)
      return { running: line?.running ?? 0, waiting: line?.waiting.length ?? 0 }
    },

    /** Nobody waits any longer. */
    close: (): void => {
      for (const line of lines.values())
        for (const turn of line.waiting.splice(0)) turn.reject(new PaidError('stopping'))
    },
  }
}
