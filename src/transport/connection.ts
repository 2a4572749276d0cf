// What every door with a lasting connection shares: a peer, an outbox, requests answered in the order they came, and
// subscriptions in some dialect's words. An answer waits in the outbox behind what was delivered before it, so order
// on the wire is the order of the log. Only a request that waits for somebody else (in line for a lock) is overtaken.
// Reads, whose answers may be large, are done one after the other, and no request begins while its caller is behind
// with reading answers: whoever asks and never reads holds up nobody but itself, in bounded memory.

import { api } from '../protocol/api.ts'
import { isName } from '../protocol/channel.ts'
import { PaidError } from '../protocol/error.ts'
import { isCallFrame, type CallFrame, type CallId } from '../protocol/frame.ts'
import { limits } from '../protocol/limits.ts'
import type { Access } from '../protocol/method.ts'
import { Outbox, type Owner, type Write } from '../lib/outbox.ts'
import type { Dispatch } from '../core/dispatch.ts'
import type { LogEvent } from '../core/log-event.ts'
import { createPeer, endPeer, type Peer } from '../core/peer.ts'
import type { Stream, Subscription } from '../core/subscription.ts'

/** How a dialect says what a subscription can say. */
export type Words = {
  /** undefined: its reader has it already */
  readonly event: (event: LogEvent, subscription: Subscription) => string | undefined
  readonly lagged: (subscription: Subscription, seq: number) => string | undefined
  /** told when a replay has been sent */
  readonly live?: (subscription: Subscription) => void
}

export const nativeWords: Words = {
  event: (event, subscription) => `{"event":${event.json},"subscription":"${subscription.id}"}`,
  lagged: (subscription, seq) => JSON.stringify({ lagged: { subscription: subscription.id, seq } }),
}

/** Something that was asked, in whatever dialect. */
export type Request = {
  /** its answer may be large, or what follows depends on it: nothing begins before it is answered */
  readonly reads: boolean
  /** it may wait for others: it is answered when its time has come, out of turn */
  readonly waits?: boolean
  /** must neither throw nor reject */
  readonly answer: () => Answer
}

/** The text of an answer, undefined when all was said. */
type Answer = string | Promise<string | undefined>

/** A place in the order of answers. */
type Turn = { text: string | undefined; done: boolean; reads: boolean }

export type Connection = ReturnType<typeof createConnection>

/**
 * @param write see `Outbox`; frames get the door's own ending there
 * @param pause called with true when too many requests or answers wait, with false when reading may go on
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
  /** requests that came and have not begun, in order; a text is an answer that was ready at once */
  const held: (Request | string)[] = []
  /** those that have begun, or are ready, and have not been answered, in order */
  const turns: Turn[] = []
  let inFlight = 0
  let reading = false
  let emptying = false
  let paused = false
  let ended = false
  let leave: (() => void) | undefined

  const streamIn = (words: Words): Stream => ({
    get blocked() {
      return outbox.blocked
    },
    empty: () => outbox.empty(),
    send: (event, subscription) => {
      const text = words.event(event, subscription)
      if (text !== undefined) outbox.push(text, subscription, event.dataText.length, event.seq)
    },
    lagged: (subscription, seq) => {
      outbox.discard(subscription)
      const text = words.lagged(subscription, seq)
      if (text !== undefined) outbox.push(text)
      onLagged()
    },
    live: words.live,
  })

  const peer: Peer = {
    ...createPeer(by, scope, namespace, streamIn(nativeWords)),
    tell: (frame) => tell(JSON.stringify(frame)),
  }

  const updatePause = (): void => {
    const should = held.length > 0 || emptying
    if (should === paused || ended) return
    paused = should
    pause(should)
  }

  /** Sends a text that is no event, now. */
  const say = (text: string): void => {
    outbox.answer(text, answers)
    if (emptying || answers.unsentBytes <= limits.unsentBytes) return
    emptying = true
    updatePause()
    void outbox.empty().then(() => {
      emptying = false
      proceed()
    })
  }

  /** Sends a text that nobody asked for, unless what was sent before has not been read. */
  const tell = (text: string): boolean => {
    if (ended || emptying || answers.unsentBytes > limits.unsentBytes) return false
    say(text)
    return true
  }

  const mustWait = (): boolean =>
    reading || emptying || inFlight >= limits.callsInFlight || turns.length >= limits.callsInFlight

  const sayInTurn = (): void => {
    for (let first = turns[0]; first?.done; first = turns[0]) {
      turns.shift()
      if (first.reads) reading = false
      if (first.text !== undefined) say(first.text)
    }
  }

  /** Says an answer in its turn, when it has come. */
  const settle = (answered: Answer, reads: boolean, waits: boolean): void => {
    if (typeof answered === 'string') return waits ? say(answered) : ready(answered)
    const turn: Turn = { text: undefined, done: false, reads }
    if (!waits) turns.push(turn)
    if (reads) reading = true
    inFlight++
    void answered.then((text) => {
      inFlight--
      if (waits) {
        if (text !== undefined) say(text)
      } else {
        turn.text = text
        turn.done = true
        sayInTurn()
      }
      if (held.length > 0) proceed()
      else leaveWhenDone()
    })
  }

  const leaveWhenDone = (): void => {
    if (leave && turns.length === 0 && held.length === 0 && inFlight === 0) void outbox.empty().then(leave)
  }

  /** Says what is ready when all before it was said. */
  const ready = (text: string): void => {
    if (turns.length === 0) say(text)
    else turns.push({ text, done: true, reads: false })
  }

  const run = ({ reads, waits = false, answer }: Request): void => settle(answer(), reads, waits)

  const begin = (next: Request | string): void => {
    if (typeof next === 'string') ready(next)
    else run(next)
  }

  const proceed = (): void => {
    while (held.length > 0 && !mustWait()) {
      const next = held.shift()
      if (next !== undefined) begin(next)
    }
    updatePause()
    leaveWhenDone()
  }

  const mayBegin = (): boolean => held.length === 0 && !mustWait()

  const hold = (next: Request | string): void => {
    held.push(next)
    updatePause()
  }

  /** Takes a request, or an answer that is ready, in its turn. */
  const take = (next: Request | string): void => (mayBegin() ? begin(next) : hold(next))

  const answerTo = ({ id, method, params, cause }: CallFrame): Answer => {
    try {
      const caller = isName(cause, limits.causeBytes) ? { ...peer, cause } : peer
      const found = dispatch.now(caller, method, params)
      return found instanceof Promise ? answerLater(id, found) : JSON.stringify({ id, result: found })
    } catch (error) {
      return refusal(id, error)
    }
  }

  return {
    peer,
    outbox,
    /** The same peer, its new subscriptions in another dialect's words. */
    peerIn: (words: Words): Peer => ({ ...peer, stream: streamIn(words) }),
    /** Takes a frame if it is a native call; false leaves it to the door's home dialect. */
    call: (frame: unknown): boolean => {
      if (!isCallFrame(frame)) return false
      const { method, params } = frame
      const reads = readMethods.has(method)
      const waits = isWaiting(method, params)
      if (mayBegin()) settle(answerTo(frame), reads, waits)
      else hold({ reads, waits, answer: () => answerTo(frame) })
      return true
    },
    take,
    refuse: (id: CallId | null, error: PaidError): void => take(refusal(id, error)),
    say,
    tell,
    /** Its caller asks nothing more: it hears what it asked for, and then `done` closes the connection. */
    finish: (done: () => void): void => {
      endPeer(peer)
      leave = done
      leaveWhenDone()
    },
    end: (): void => {
      ended = true
      endPeer(peer)
      outbox.close()
      // what it asked to be done is done; what it asked to be told, nobody waits for
      for (const next of held.splice(0)) if (typeof next !== 'string' && !next.reads) run(next)
    },
  }
}

const answerLater = async (id: CallId, found: Promise<unknown>): Promise<string> => {
  try {
    return JSON.stringify({ id, result: await found })
  } catch (error) {
    return refusal(id, error)
  }
}

const refusal = (id: CallId | null, error: unknown): string =>
  JSON.stringify({ id, error: (error instanceof PaidError ? error : new PaidError('internal')).toJSON() })

/** methods that only read */
const readMethods: ReadonlySet<string> = new Set(
  Object.entries(api).flatMap(([method, { access }]) => (access === 'read' ? [method] : [])),
)

/** calls that may wait for others as long as they like */
const patient: ReadonlySet<string> = new Set(['action.run', 'action.prompt'])

const isWaiting = (method: string, params: unknown): boolean =>
  patient.has(method) ||
  (method === 'lock.acquire' &&
    typeof params === 'object' &&
    params !== null &&
    'wait' in params &&
    params.wait !== 0)
