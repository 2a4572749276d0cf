// A subscription that outlives its connection: when the daemon restarts, or ends the subscription because we were
// slow, it goes on from the last event it gave. Nothing is missed and nothing comes twice; only transient events,
// which nobody keeps, can be missed while there is no connection.

import type { Event } from '../protocol/event.ts'
import { backOff, isPassing } from './bounds.ts'
import { type Connection, converse } from './conversation.ts'
import type { Open } from './line.ts'
import type { Follow, FollowOptions } from './types.ts'

/** Endless until the signal aborts. Throws what the first connection and the first answer threw. */
export async function* follow(
  params: Follow,
  { open, signal, onState }: FollowOptions & { open: Open },
): AsyncGenerator<Event, void> {
  const { since, replay = 0, transient, ...filter } = params
  const retry = backOff()
  let resume: number | undefined
  let began = false

  for (;;) {
    if (signal?.aborted) return
    let connection: Connection | undefined
    const abort = () => connection?.close()
    signal?.addEventListener('abort', abort)
    try {
      connection = await converse(open, signal && { signal })
      // The newest are read before it is followed from there: a replay that a lost connection cuts has no cursor.
      if (resume === undefined && since === undefined && replay > 0) {
        const { events, next } = await connection.call('event.list', { ...filter, limit: replay })
        resume = seqIn(next)
        began = true
        yield* events
        if (signal?.aborted) return
      }
      const from = resume ?? since
      const { subscription, head } = await connection.call('event.subscribe', {
        ...filter,
        ...(transient === undefined ? {} : { transient }),
        ...(from === undefined ? {} : { since: from }),
      })
      // A log that ends before our place is another log: its owner put an older one back, or began anew.
      if (resume === undefined ? since === undefined : resume > head) resume = head
      began = true
      retry.reset()
      onState?.('following')

      for (;;) {
        const delivery = await connection.next(subscription)
        if ('event' in delivery) {
          const { seq } = delivery.event
          if (seq !== undefined) {
            if (resume !== undefined && seq <= resume) continue
            resume = seq
          }
          yield delivery.event
        } else if ('lagged' in delivery) {
          resume = Math.max(resume ?? 0, delivery.lagged)
          onState?.('lagged')
          break
        } else {
          if (!signal?.aborted) onState?.('lost')
          break
        }
      }
    } catch (error) {
      if (signal?.aborted) return
      if (!isPassing(error) || !began) throw error
      await retry.pause(signal)
    } finally {
      signal?.removeEventListener('abort', abort)
      connection?.close()
    }
  }
}

/** of `evt_12`; a log that holds nothing has no last event, and begins with 1 */
const seqIn = (id: string | undefined): number => Number(id?.slice('evt_'.length) ?? 0)
