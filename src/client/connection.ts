// One connection to paid.sock: native frames, one JSON document a line, calls answered in any order.
// It promises: every call is settled, at the latest by the end of the connection; events of a subscription come in
// order; while a reader is behind, the socket is not read. No zod here: a command must start in a few milliseconds.

import type { MethodName, Params, Result } from '../protocol/api.ts'
import type { Event } from '../protocol/event.ts'
import { PaidError, errors, type ErrorCode } from '../protocol/error.ts'
import type { ServerFrame } from '../protocol/frame.ts'
import { openLines } from './lines.ts'

/** What a subscription's reader gets: events, then how it ended. */
export type Delivery = { event: Event } | { lagged: number } | { closed: true }

export type Connection = AsyncDisposable & {
  call: <M extends MethodName>(
    method: M,
    params: Params<M>,
    options?: { /** 30 s when not said; 0 waits for ever */ timeoutMs?: number },
  ) => Promise<Result<M>>
  /** The next thing that happened to a subscription of this connection. */
  next: (subscription: string) => Promise<Delivery>
  close: () => void
  /** resolves when the connection has ended, whoever ended it */
  ended: Promise<void>
}

type Waiting = { resolve: (result: unknown) => void; reject: (error: PaidError) => void }
type Inbox = { waiting: Delivery[]; take: ((delivery: Delivery) => void) | undefined }

/** Deliveries that wait for a reader before the socket is left alone. */
const readAhead = 1000

const answerWithinMs = 30_000

/** Throws `not_running` when nobody answers at the socket. */
export const openConnection = async (socket: string): Promise<Connection> => {
  const calls = new Map<string, Waiting>()
  const inboxes = new Map<string, Inbox>()
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  let nextId = 1
  let open = true

  const inboxOf = (subscription: string): Inbox => {
    let inbox = inboxes.get(subscription)
    if (!inbox) inboxes.set(subscription, (inbox = { waiting: [], take: undefined }))
    return inbox
  }
  const deliver = (subscription: string, delivery: Delivery) => {
    const inbox = inboxOf(subscription)
    const { take } = inbox
    if (take) {
      inbox.take = undefined
      take(delivery)
    } else if (inbox.waiting.push(delivery) >= readAhead) lines.pause()
  }

  const receive = (frame: ServerFrame) => {
    if ('event' in frame) deliver(frame.subscription, { event: frame.event })
    else if ('lagged' in frame) deliver(frame.lagged.subscription, { lagged: frame.lagged.seq })
    else {
      const id = String(frame.id)
      const call = calls.get(id)
      calls.delete(id)
      if ('error' in frame) call?.reject(errorOf(frame.error))
      else call?.resolve(frame.result)
    }
  }
  const closed = () => {
    open = false
    for (const call of calls.values()) call.reject(lost())
    calls.clear()
    for (const subscription of inboxes.keys()) deliver(subscription, { closed: true })
    end()
  }
  const lines = await openLines(socket, { line: (line) => receive(JSON.parse(line)), closed })

  const close = () => lines.close()
  return {
    ended,
    close,
    [Symbol.asyncDispose]: async () => {
      close()
      await ended
    },
    next: async (subscription) => {
      const inbox = inboxOf(subscription)
      const ready = inbox.waiting.shift()
      if (inbox.waiting.length < readAhead / 2) lines.resume()
      if (ready) return ready
      if (!open) return { closed: true }
      return await new Promise<Delivery>((take) => (inbox.take = take))
    },
    call: async <M extends MethodName>(
      method: M,
      params: Params<M>,
      { timeoutMs = answerWithinMs }: { timeoutMs?: number } = {},
    ): Promise<Result<M>> => {
      if (!open) throw lost()
      const id = String(nextId++)
      const answer = new Promise<unknown>((resolve, reject) => calls.set(id, { resolve, reject }))
      lines.write(`${JSON.stringify({ id, method, params })}\n`)
      const timer = timeoutMs && setTimeout(() => calls.get(id)?.reject(silent(timeoutMs)), timeoutMs)
      try {
        // The daemon checks what it answers against the method's schema; checking again would cost every command.
        return (await answer) as Result<M>
      } finally {
        clearTimeout(timer || undefined)
        calls.delete(id)
      }
    },
  }
}

const lost = () => new PaidError('not_running', 'The daemon closed the connection')

const silent = (ms: number) =>
  new PaidError(
    'timeout',
    `The daemon did not answer within ${ms / 1000} s`,
    'See what it does: `paid logs`.',
  )

const isErrorCode = (code: string): code is ErrorCode => code in errors

const errorOf = ({ code, message, hint }: { code: string; message: string; hint: string }): PaidError =>
  new PaidError(isErrorCode(code) ? code : 'internal', message, hint)
