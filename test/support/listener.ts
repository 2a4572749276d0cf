// A subscription's reader for tests: a way out whose socket takes what the test lets it take. Everything between the
// bus and that socket is real: the outbox, the counting, the bounds.

import { Outbox } from '../../src/lib/outbox.ts'
import type { Bus } from '../../src/core/bus.ts'
import type { Filter } from '../../src/core/filter.ts'
import type { Log } from '../../src/core/log.ts'
import type { LogEvent } from '../../src/core/log-event.ts'
import { type Stream, Subscription } from '../../src/core/subscription.ts'

/** A frame as the reader got it; `seq` is 0 on a transient event. */
export type Heard = { subscription: string; seq: number; data: unknown }

export type Lagged = { subscription: string; lagged: number }

/** A reader that takes so many frames and then no more until it is given room again. */
export const openReaderOfStream = (room = Infinity) => {
  const heard: Heard[] = []
  const lagged: Lagged[] = []
  let free = room
  const outbox = new Outbox((frames) => {
    const taken = Math.min(free, frames.length)
    free -= taken
    for (const frame of frames.slice(0, taken)) {
      const said: Heard | Lagged = JSON.parse(frame)
      if ('lagged' in said) lagged.push(said)
      else heard.push(said)
    }
    return taken
  })
  const stream: Stream = {
    get blocked() {
      return outbox.blocked
    },
    empty: () => outbox.empty(),
    send: (event, subscription) =>
      outbox.push(
        `{"subscription":"${subscription.id}","seq":${event.seq},"data":${event.dataText}}`,
        subscription,
        event.dataText.length,
        event.seq,
      ),
    lagged: (subscription, seq) => {
      outbox.discard(subscription)
      outbox.push(`{"subscription":"${subscription.id}","lagged":${seq}}`)
    },
  }
  return {
    stream,
    outbox,
    /** what the socket took, in order */
    heard,
    /** what it was told of subscriptions that fell behind, and the seq to resume from */
    lagged,
    /** lets it take `more` frames; what waits leaves at once */
    read: (more = Infinity): void => {
      free += more
      outbox.drained()
    },
  }
}

/** A live subscription whose socket takes everything at once. */
export const openListener = async (
  { bus, log }: { bus: Bus; log: Log },
  filter: Filter,
  { transient = true, onEvent = () => undefined }: { transient?: boolean; onEvent?: () => void } = {},
) => {
  const heard: LogEvent[] = []
  const stream: Stream = {
    blocked: false,
    empty: () => Promise.resolve(),
    send: (event) => {
      heard.push(event)
      onEvent()
    },
    lagged: () => undefined,
  }
  const subscription = new Subscription({
    siblings: new Map(),
    id: 'sub_test',
    filter,
    after: log.head,
    transient,
    stream,
    bounds: { unsentEvents: 1, unsentBytes: 1 },
    end: bus.remove,
  })
  bus.add(subscription)
  await subscription.replay(log)
  return { heard, close: () => subscription.close(), [Symbol.dispose]: () => subscription.close() }
}
