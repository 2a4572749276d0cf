// One connection: native frames over a line, calls answered in any order.
// It promises: every call is settled, at the latest by the end of the connection; events of a subscription come in
// order; while a reader is behind, the line is not read, and a line that cannot wait is left: the subscription is told
// where to go on. No zod here: a command must start in a few milliseconds.

import type { MethodName, Params, Result } from '../protocol/api.ts'
import type { Event } from '../protocol/event.ts'
import { PaidError, errors, type ErrorCode } from '../protocol/error.ts'
import type { ServerFrame, TellFrame } from '../protocol/frame.ts'
import { bounded } from './bounds.ts'
import { callText } from './call-text.ts'
import type { Line, Open } from './line.ts'
import type { Bounds } from './types.ts'

/** What a subscription's reader gets: events, then how it ended. */
export type Delivery = { event: Event } | { lagged: number } | { closed: true }

export type Connection = AsyncDisposable & {
  /** bounded by 30 s when not said */
  call: <M extends MethodName>(method: M, params: Params<M>, bounds?: Bounds) => Promise<Result<M>>
  /** The next thing that happened to a subscription of this connection. */
  next: (subscription: string) => Promise<Delivery>
  close: () => void
  /** resolves when the connection has ended, whoever ended it */
  ended: Promise<void>
}

type Waiting = { resolve: (result: unknown) => void; reject: (error: PaidError) => void }
type Inbox = { waiting: Delivery[]; lastSeq: number; take: ((delivery: Delivery) => void) | undefined }

/** Deliveries that wait for a reader before the line is left alone. */
const readAhead = 1000

const openWithinMs = 10_000
const answerWithinMs = 30_000

/**
 * Throws `not_running` when nobody answers, `timeout` when it takes too long.
 * @param cause what every call acts upon, as an action of the daemon was told
 * @param told gets what answers nothing and is of no subscription
 */
export const converse = async (
  open: Open,
  { signal, timeoutMs = openWithinMs }: Bounds = {},
  cause?: string,
  told?: (frame: TellFrame) => void,
): Promise<Connection> => {
  const calls = new Map<string, Waiting>()
  const inboxes = new Map<string, Inbox>()
  let line: Line | undefined
  let nextId = 1
  let over = false
  let end = () => {}
  const ended = new Promise<void>((resolve) => (end = resolve))

  const inboxOf = (subscription: string): Inbox => {
    let inbox = inboxes.get(subscription)
    if (!inbox) inboxes.set(subscription, (inbox = { waiting: [], lastSeq: 0, take: undefined }))
    return inbox
  }
  const deliver = (subscription: string, delivery: Delivery) => {
    const inbox = inboxOf(subscription)
    const { take, waiting } = inbox
    if ('event' in delivery) inbox.lastSeq = delivery.event.seq ?? inbox.lastSeq
    if (take) {
      inbox.take = undefined
      take(delivery)
    } else if (waiting.push(delivery) >= readAhead && !over) {
      if (line?.pause) line.pause()
      else {
        if (inbox.lastSeq > 0) waiting.push({ lagged: inbox.lastSeq })
        close()
      }
    }
  }

  const receive = (text: string) => {
    if (over) return
    const frame = parse(text)
    if (!frame) return close() // whoever answers here is no daemon
    if ('event' in frame) deliver(frame.subscription, { event: frame.event })
    else if ('lagged' in frame) deliver(frame.lagged.subscription, { lagged: frame.lagged.seq })
    else if ('id' in frame) {
      const id = String(frame.id)
      const call = calls.get(id)
      calls.delete(id)
      if ('error' in frame) call?.reject(errorOf(frame.error))
      else call?.resolve(frame.result)
    } else told?.(frame)
  }
  const closed = () => {
    if (over) return
    over = true
    for (const call of calls.values()) call.reject(lost())
    calls.clear()
    for (const subscription of inboxes.keys()) deliver(subscription, { closed: true })
    end()
  }
  const close = () => {
    line?.close()
    closed()
  }

  const opening = open({ text: receive, closed })
  try {
    line = await bounded(opening, { signal, timeoutMs })
  } catch (error) {
    void opening.then(
      (late) => late.close(),
      () => {},
    )
    throw error
  }
  const { send, resume } = line

  return {
    ended,
    close,
    [Symbol.asyncDispose]: async () => close(),
    next: async (subscription) => {
      const inbox = inboxOf(subscription)
      const ready = inbox.waiting.shift()
      if (inbox.waiting.length < readAhead / 2 && !over) resume?.()
      if (ready) return ready
      if (over) return { closed: true }
      return await new Promise<Delivery>((take) => (inbox.take = take))
    },
    call: async <M extends MethodName>(
      method: M,
      params: Params<M>,
      { signal, timeoutMs = answerWithinMs }: Bounds = {},
    ): Promise<Result<M>> => {
      signal?.throwIfAborted()
      if (over) throw lost()
      const id = String(nextId++)
      // what cannot be written is thrown before anything waits for its answer
      const text = callText({ id, method, params, cause })
      const answer = new Promise<unknown>((resolve, reject) => calls.set(id, { resolve, reject }))
      send(text)
      try {
        // The daemon checks what it answers against the method's schema; checking again would cost every command.
        return (await bounded(answer, { signal, timeoutMs })) as Result<M>
      } finally {
        calls.delete(id)
      }
    },
  }
}

const parse = (text: string): ServerFrame | undefined => {
  try {
    const frame: ServerFrame | null = JSON.parse(text)
    return frame !== null && typeof frame === 'object' ? frame : undefined
  } catch {
    return undefined
  }
}

const lost = () => new PaidError('not_running', 'The daemon closed the connection')

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errors, code)

const errorOf = ({ code, message, hint }: { code: string; message: string; hint: string }): PaidError =>
  new PaidError(isErrorCode(code) ? code : 'internal', message, hint)
