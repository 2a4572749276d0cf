// The client itself, whatever line it talks over: one connection for calls, opened again when it is lost; one for
// each subscription and each lock, so that a slow reader or a long wait holds up nobody else.
// It promises: what `close` ends does not come back.

import type { MethodName, Params, Result } from '../protocol/api.ts'
import { PaidError } from '../protocol/error.ts'
import { bounded } from './bounds.ts'
import { type Connection, converse } from './conversation.ts'
import { follow } from './follow.ts'
import type { Open } from './line.ts'
import { takeLock } from './lock.ts'
import { offerActions } from './offer.ts'
import type { Bounds, Client } from './types.ts'

/**
 * Throws what opening the first connection throws.
 * @param cause see `converse`
 */
export const createClient = async (open: Open, bounds: Bounds = {}, cause?: string): Promise<Client> => {
  const closing = new AbortController()
  let connection: Connection | undefined
  let opening: Promise<Connection> | undefined

  const connect = async (by: Bounds): Promise<Connection> => {
    const opened = await converse(open, by, cause)
    if (closing.signal.aborted) {
      opened.close()
      throw closed()
    }
    connection = opened
    void opened.ended.then(() => {
      if (connection === opened) connection = undefined
    })
    return opened
  }
  /** Calls that come while it is being opened share it. */
  const connected = (): Promise<Connection> =>
    connection
      ? Promise.resolve(connection)
      : (opening ??= connect({}).finally(() => {
          opening = undefined
        }))
  const close = () => {
    closing.abort(closed())
    connection?.close()
  }
  const until = (signal: AbortSignal | undefined): AbortSignal =>
    signal ? AbortSignal.any([signal, closing.signal]) : closing.signal

  await connect(bounds)

  return {
    call: async <M extends MethodName>(
      method: M,
      params: Params<M>,
      callBounds?: Bounds,
    ): Promise<Result<M>> => {
      closing.signal.throwIfAborted()
      callBounds?.signal?.throwIfAborted()
      const own = await bounded(connected(), {
        signal: callBounds?.signal,
        timeoutMs: callBounds?.timeoutMs ?? 0,
      })
      return await own.call(method, params, callBounds)
    },
    subscribe: (params = {}, options = {}) =>
      follow(params, { ...options, open, signal: until(options.signal) }),
    lock: async (name, options = {}) =>
      await takeLock(name, {
        ...options,
        open,
        cause,
        signal: until(options.signal),
        closing: closing.signal,
      }),
    offer: async (handlers, options = {}) =>
      await offerActions(handlers, { ...options, open, signal: until(options.signal) }),
    close,
    [Symbol.asyncDispose]: async () => close(),
  }
}

const closed = () => new PaidError('not_running', 'This client was closed', 'Connect anew.')
