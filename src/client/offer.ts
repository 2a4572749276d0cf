// Actions that this program offers: each run comes as a frame, is handed to its handler, and answered. They outlive
// their connection: when the daemon restarts, they are offered anew. A run does not: it fails with its connection, and
// its handler is told by its signal.

import type { CallingFrame, TellFrame } from '../protocol/frame.ts'
import { PaidError } from '../protocol/error.ts'
import { backOff, isPassing } from './bounds.ts'
import { type Connection, converse } from './conversation.ts'
import type { Open } from './line.ts'
import type { ActionHandler, Offer, OfferOptions } from './types.ts'

/** of what a handler throws */
const messageCharacters = 4096

/** Throws what the first offer throws. */
export const offerActions = async (
  handlers: Record<string, ActionHandler>,
  { open, signal, concurrency }: OfferOptions & { open: Open; signal: AbortSignal },
): Promise<Offer> => {
  const closing = new AbortController()
  const stop = AbortSignal.any([signal, closing.signal])
  const names = Object.keys(handlers)

  const begin = async (): Promise<Connection> => {
    const runs = new Map<string, AbortController>()
    const told = (frame: TellFrame): void => {
      if ('call' in frame) void answer(connection, frame, runs)
      else if ('cancelled' in frame) runs.get(frame.cancelled)?.abort(new PaidError('action_timeout'))
    }
    const connection = await converse(open, { signal: stop }, undefined, told)
    void connection.ended.then(() => {
      for (const run of runs.values()) run.abort(new PaidError('not_running'))
    })
    try {
      const more = concurrency === undefined ? {} : { concurrency }
      await connection.call('action.offer', { names, ...more }, { signal: stop })
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  const answer = async (
    connection: Connection,
    { call, action: name, args, by, cause }: CallingFrame,
    runs: Map<string, AbortController>,
  ): Promise<void> => {
    const run = new AbortController()
    runs.set(call, run)
    const asked = {
      name,
      by,
      ...(cause !== undefined && { cause }),
      signal: run.signal,
      emit: async (data: unknown) => (await connection.call('action.emit', { call, data })).heard,
      prompt: async (prompt: Parameters<Parameters<ActionHandler>[1]['prompt']>[0]) =>
        (await connection.call('action.prompt', { call, prompt }, { signal: run.signal, timeoutMs: 0 }))
          .value,
    }
    try {
      const result: unknown = await (Object.hasOwn(handlers, name) ? handlers[name] : undefined)?.(
        args,
        asked,
      )
      await connection.call('action.answer', { call, result: result ?? null })
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      // nobody may wait for it any more, and nobody is left to tell
      await connection
        .call('action.answer', { call, error: message.slice(0, messageCharacters) })
        .catch(() => {})
    } finally {
      runs.delete(call)
    }
  }

  let connection = await begin()

  const keep = async (): Promise<void> => {
    const retry = backOff()
    for (;;) {
      const end = (): void => connection.close()
      if (stop.aborted) end()
      stop.addEventListener('abort', end, { once: true })
      await connection.ended
      stop.removeEventListener('abort', end)
      for (let again = true; again;) {
        if (stop.aborted) return
        try {
          await retry.pause(stop)
          connection = await begin()
          retry.reset()
          again = false
        } catch (error) {
          if (!stop.aborted && !isPassing(error) && !isTaken(error)) throw error
        }
      }
    }
  }
  const ended = keep()
  // whoever does not look at it is not told
  ended.catch(() => {})
  const close = (): void => closing.abort(new PaidError('not_running', 'This offer was closed'))
  return { ended, close, [Symbol.asyncDispose]: async () => close() }
}

/** Our own connection before, perhaps, whose end the daemon has not seen yet. */
const isTaken = (error: unknown): boolean => error instanceof PaidError && error.code === 'name_taken'
