// What every door with a lasting connection shares: a peer, an outbox, native calls, and subscriptions in some
// dialect's words. A call's answer waits in the outbox behind what was delivered before it, so order on the wire is
// the order of the log. Reads, whose answers may be large, are done one after the other, and no call begins while its
// caller is behind with reading answers: whoever calls and never reads holds up nobody but itself, in bounded memory.

import { api } from '../protocol/api.ts'
import { PaidError } from '../protocol/error.ts'
import { isCallFrame, type CallFrame, type CallId } from '../protocol/frame.ts'
import { limits } from '../protocol/limits.ts'
import type { Access } from '../protocol/method.ts'
import { Outbox, type Owner, type Write } from '../lib/outbox.ts'
import { isMethod, type Dispatch } from '../core/dispatch.ts'
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
 * @param pause called with true when too many calls or answers wait, with false when reading may go on
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
  /** what was answered and has not left */
  const answers: Owner = { unsentFrames: 0, unsentBytes: 0, sentSeq: 0 }
  /** calls that came and have not begun, in order */
  const held: CallFrame[] = []
  let inFlight = 0
  let reading = false
  let emptying = false
  let paused = false
  let ended = false

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

  const updatePause = (): void => {
    const should = held.length > 0 || emptying
    if (should === paused || ended) return
    paused = should
    pause(should)
  }

  /** Sends a text that is no event. */
  const say = (text: string): void => {
    outbox.push(text, answers)
    if (emptying || answers.unsentBytes <= limits.unsentBytes) return
    emptying = true
    updatePause()
    void outbox.empty().then(() => {
      emptying = false
      proceed()
    })
  }

  const refuse = (id: CallId | null, error: PaidError): void =>
    say(JSON.stringify({ id, error: error.toJSON() }))

  const mustWait = (): boolean => reading || emptying || inFlight >= limits.callsInFlight

  const run = ({ id, method, params }: CallFrame): void => {
    const reads = isRead(method)
    if (reads) reading = true
    inFlight++
    dispatch(peer, method, params)
      .then((result) => say(JSON.stringify({ id, result })))
      .catch((error: unknown) => refuse(id, error instanceof PaidError ? error : new PaidError('internal')))
      .finally(() => {
        if (reads) reading = false
        inFlight--
        if (held.length > 0) proceed()
      })
  }

  const proceed = (): void => {
    while (held.length > 0 && !mustWait()) {
      const next = held.shift()
      if (next) run(next)
    }
    updatePause()
  }

  const call = (frame: CallFrame): void => {
    if (held.length === 0 && !mustWait()) return run(frame)
    held.push(frame)
    updatePause()
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
    say,
    end: (): void => {
      ended = true
      endPeer(peer)
      outbox.close()
      // what it asked to be done is done; what it asked to be told, nobody waits for
      for (const frame of held.splice(0)) if (!isRead(frame.method)) run(frame)
    },
  }
}

const isRead = (method: string): boolean => isMethod(method) && api[method].access === 'read'
