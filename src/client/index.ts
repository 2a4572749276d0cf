// THE TELEPHONE: how a program talks to a running daemon, over its socket.
//   const paid = await connect({ socket })
//   await paid.call('event.publish', { type: 'build.finished' })
//   for await (const event of paid.subscribe({ channel: 'session:*' })) …
// It promises: calls typed from the method table, errors as PaidError with code and hint, subscriptions that survive
// a restart of the daemon without gap or double.
// It refuses: anything that slows a start (no schemas at run time), and to keep a process alive after `close`.

import type { Event } from '../protocol/event.ts'
import { type Connection, openConnection } from './connection.ts'
import { type Follow, follow, type FollowOptions } from './follow.ts'

export type { Connection, Follow, FollowOptions }

export type Client = AsyncDisposable &
  Pick<Connection, 'call' | 'close' | 'ended'> & {
    /** Events from now, or from `since`, on a connection of its own; ends with `close` or the signal. */
    subscribe: (params?: Follow, options?: Omit<FollowOptions, 'socket'>) => AsyncGenerator<Event, void>
  }

/** Throws `not_running` when no daemon answers at the socket. */
export const connect = async ({ socket }: { socket: string }): Promise<Client> => {
  const connection = await openConnection(socket)
  const closing = new AbortController()
  const close = () => {
    closing.abort()
    connection.close()
  }
  return {
    call: connection.call,
    ended: connection.ended,
    close,
    subscribe: (params = {}, { signal, ...options } = {}) =>
      follow(params, {
        ...options,
        socket,
        signal: signal ? AbortSignal.any([signal, closing.signal]) : closing.signal,
      }),
    [Symbol.asyncDispose]: async () => {
      close()
      await connection.ended
    },
  }
}
