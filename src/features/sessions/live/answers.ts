// Who waits for what a message is answered with. Every message but a note has one answer: the end of its turn, or none.

import type { TurnEnd } from './turns.ts'

export const createAnswers = () => {
  const waiting = new Map<string, PromiseWithResolvers<TurnEnd | undefined>>()
  return {
    expect: (message: string): void => void waiting.set(message, Promise.withResolvers()),

    /** A turn is over; one that the session began by itself answers nothing. */
    give: (end: TurnEnd): void => {
      if (end.message === undefined) return
      waiting.get(end.message)?.resolve(end)
      waiting.delete(end.message)
    },

    /** No more come. */
    close: (): void => {
      for (const { resolve } of waiting.values()) resolve(undefined)
      waiting.clear()
    },

    /** Undefined when the message had its answer, or never gets one. */
    to: (message: string): Promise<TurnEnd | undefined> | undefined => waiting.get(message)?.promise,
  }
}
