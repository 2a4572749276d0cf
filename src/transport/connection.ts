// What every door with a lasting connection shares: a peer, an outbox, native calls, and subscriptions in some
// dialect's words. A call's answer waits in the outbox behind what was delivered before it, so order on the wire is
// the order of the log.

import { PaidError } from '../protocol/error.ts'
import { isCallFrame, type CallFrame, type CallId } from '../protocol/frame.ts'
import { limits } from '../protocol/limits.ts'
import type { Access } from '../protocol/method.ts'
import { Outbox, type Write } from '../lib/outbox.ts'
import type { Dispatch } from '../core/dispatch.ts'
import type { LogEvent } from '../core/log-event.ts'
import { createPeer, endPeer, type Peer } from '../core/peer.ts'
import type { Stream, Subscription } from '../core/subscription.ts'

/** How a dialect says the two things a subscription can say. */
export type Words = {
  readonly event: (event: LogEvent, subscription: Subscription) => string
  readonly lagged: (subscription: Subscription, seq: number) => string
}

export const nativeWords: Words = {
  event: (event, subscription) => `{"event":${event.json},"subscription":"${subscription.id}"}`,
  lagged: (subscription, seq) => JSON.stringify({ lagged: { subscription: subscription.id, seq } }),
}

export type Connection = ReturnType<typeof createConnection>

/**
 * @param write see `Outbox`; frames get the door's own ending there
 * @param pause called with true when too many calls are unanswered, with false when reading may go on
 */
export const createConnection = ({
  dispatch,
  by,
  scope,
  namespace = '',
  write,
  pause,
  onLagged,
}: {
  dispatch: Dispatch
  by: string
  scope: Access
  namespace?: string
  write: Write
  pause: (paused: boolean) => void
  onLagged: () => void
}) => {
  const outbox = new Outbox(write)
  let inFlight = 0

  const streamIn = (words: Words): Stream => ({
    get blocked() {
      return outbox.blocked
    },
    empty: () => outbox.empty(),
    send: (event, subscription) =>
      outbox.push(words.event(event, subscription), subscription, event.dataText.length, event.seq),
    lagged: (subscription, seq) => {
      outbox.discard(subscription)
      outbox.push(words.lagged(subscription, seq))
      onLagged()
    },
  })

  const peer = createPeer(by, scope, namespace, streamIn(nativeWords))

  const answer = (frame: object): void => outbox.push(JSON.stringify(frame))

  const refuse = (id: CallId | null, error: PaidError): void => answer({ id, error: error.toJSON() })

  const call = ({ id, method, params }: CallFrame): void => {
    if (++inFlight === limits.callsInFlight) pause(true)
    dispatch(peer, method, params)
      .then((result) => answer({ id, result }))
      .catch((error: unknown) => refuse(id, error instanceof PaidError ? error : new PaidError('internal')))
      .finally(() => {
        if (inFlight-- === limits.callsInFlight) pause(false)
      })
  }

  return {
    peer,
    outbox,
    /** The same peer, its new subscriptions in another dialect's words. */
    peerIn: (words: Words): Peer => ({ ...peer, stream: streamIn(words) }),
    /** Takes a frame if it is a native call; false leaves it to the door's home dialect. */
    call: (frame: unknown): boolean => {
      if (!isCallFrame(frame)) return false
      call(frame)
      return true
    },
    refuse,
    end: (): void => {
      endPeer(peer)
      outbox.close()
    },
  }
}
