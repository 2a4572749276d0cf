// Processes that wait beside sessions which do nothing, one for each: Claude Code wakes its session with what such a
// process says. Promises: the newest of a session waits, one before it is told to go; none waits beside a session that
// has something to do, or has ended.

import { sessionPrefix } from '../../../protocol/channel.ts'
import { PaidError } from '../../../protocol/error.ts'
import type { Bus } from '../../../core/bus.ts'
import { filterOf } from '../../../core/filter.ts'
import type { LogEvent } from '../../../core/log-event.ts'
import type { Peer } from '../../../core/peer.ts'
import { hookName } from './messages.ts'

/** events with which there is nothing to wait for any more */
const over = new Set(['UserPromptSubmit', 'SessionEnd'])

type Waiting = { end: (text?: string) => void; stop: () => void }

export const createIdle = (bus: Bus) => {
  const waiting = new Map<string, Waiting>()

  return {
    /** Resolves with what is said to the session; undefined: it is not waited for any more. */
    wait: (id: string, peer: Peer): Promise<string | undefined> => {
      const { promise, resolve, reject } = Promise.withResolvers<string | undefined>()
      waiting.get(id)?.end()
      let forget = (): void => {}
      const leave = (): void => {
        if (waiting.get(id) === one) waiting.delete(id)
        bus.remove(listener)
        forget()
      }
      const one: Waiting = {
        end: (text) => {
          leave()
          resolve(text)
        },
        stop: () => {
          leave()
          reject(new PaidError('stopping'))
        },
      }
      const listener = {
        own: true,
        filter: filterOf('', { channel: `${sessionPrefix}${id}` }),
        offer: (event: LogEvent): void => {
          if (event.by === hookName && over.has(event.type)) one.end()
        },
      } as const
      waiting.set(id, one)
      bus.add(listener)
      forget = peer.onEnd(one.end)
      return promise
    },

    has: (id: string): boolean => waiting.has(id),

    /** Wakes it. False when nobody waits beside it any more. */
    wake: (id: string, text: string): boolean => {
      const one = waiting.get(id)
      one?.end(text)
      return one !== undefined
    },

    /** Whoever waits comes again when there is a daemon again. */
    close: (): void => {
      for (const { stop } of waiting.values()) stop()
    },
  }
}
