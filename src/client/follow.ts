// A subscription that outlives its connection: when the daemon restarts, or ends the subscription because we were
// slow, it goes on from the last event it gave. Nothing is missed and nothing comes twice; only transient events,
// which nobody keeps, can be missed while there is no connection.

import type { Params } from '../protocol/api.ts'
import type { Event } from '../protocol/event.ts'
import { PaidError } from '../protocol/error.ts'
import { type Connection, openConnection } from './connection.ts'

export type Follow = Params<'event.subscribe'>

export type FollowOptions = {
  socket: string
  signal?: AbortSignal
  /** told what happens to the connection: `following` once for each time it is there */
  onState?: (state: 'following' | 'lost' | 'lagged') => void
}

const firstPauseMs = 50
const longestPauseMs = 2000

/** Endless until the signal aborts. Throws `not_running` only when the first connection fails. */
export async function* follow(params: Follow, options: FollowOptions): AsyncGenerator<Event, void> {
  const { signal, onState } = options
  let resume: number | undefined
  let began = false
  let pauseMs = firstPauseMs

  for (;;) {
    if (signal?.aborted) return
    let connection: Connection
    let subscription: string
    try {
      connection = await openConnection(options.socket)
    } catch (error) {
      if (!began) throw error
      await pause(pauseMs, signal)
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
      continue
    }
    const abort = () => connection.close()
    signal?.addEventListener('abort', abort)
    try {
      const { since, replay, ...filter } = params
      const from =
        resume === undefined
          ? { ...(since === undefined ? {} : { since }), ...(replay === undefined ? {} : { replay }) }
          : { since: resume }
      const answer = await connection.call('event.subscribe', { ...filter, ...from })
      subscription = answer.subscription
      // A log that ends before our place is another log: its owner put an older one back, or began anew.
      if (resume !== undefined && resume > answer.head) resume = answer.head
      if (resume === undefined && since === undefined && !replay) resume = answer.head
      began = true
      pauseMs = firstPauseMs
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
      if (!isPassing(error) || !began) throw error
      await pause(pauseMs, signal)
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    } finally {
      signal?.removeEventListener('abort', abort)
      connection.close()
    }
  }
}

/** A daemon on its way down or up says this; the next one will not. */
const isPassing = (error: unknown): boolean =>
  error instanceof PaidError && ['not_running', 'stopping', 'timeout'].includes(error.code)

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    signal?.addEventListener('abort', done)
  })
