// Who follows what is posted for an agent, on which connection. It ends with the connection, and before that when the
// login ends or its time is over; the connection itself goes on, if it has other things to do.

import type { Cursor } from '../../protocol/event.ts'
import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import type { Dispatch } from '../../core/dispatch.ts'
import { createPeer, endPeer, type Peer } from '../../core/peer.ts'
import type { SteadyClock } from '../../lib/steady-clock.ts'
import { channelOf } from './inbox.ts'

type Following = {
  name: string
  /** the login */
  session: string
  /** what has been dealt with */
  done: ReadonlySet<number>
  since: Cursor | undefined
  /** how long the login's token is good */
  leftMs: number
}

export const createFollowers = ({ dispatch, steady }: { dispatch: Dispatch; steady: SteadyClock }) => {
  const followers = new Set<{ name: string; session: string; end: () => void }>()

  return {
    /** Ends those of an agent, or of one of its logins. */
    dismiss: (name: string, session?: string): void => {
      for (const follower of followers)
        if (follower.name === name && (session === undefined || follower.session === session)) follower.end()
    },

    /** Resolves with the subscription. Rejects with `no_stream`, `too_many_subscriptions`. */
    follow: async (peer: Peer, { name, session, done, since, leftMs }: Following): Promise<string> => {
      const { stream } = peer
      if (!stream) throw new PaidError('no_stream')
      const others = [...followers].filter((follower) => follower.name === name)
      if (others.length >= limits.subscriptionsPerPeer) throw new PaidError('too_many_subscriptions')
      const own = createPeer(peer.by, 'read', '', {
        get blocked() {
          return stream.blocked
        },
        empty: () => stream.empty(),
        send: (event, subscription) => {
          if (!done.has(event.seq)) stream.send(event, subscription)
        },
        lagged: (subscription, seq) => stream.lagged(subscription, seq),
      })
      const end = (): void => endPeer(own)
      const follower = {
        name,
        session,
        end: () => {
          end()
          stream.over?.()
        },
      }
      const cancel = steady.wake(steady.now() + Math.max(0, leftMs), follower.end)
      const stay = peer.onEnd(end)
      followers.add(follower)
      own.onEnd(() => {
        followers.delete(follower)
        cancel()
        stay()
      })
      try {
        const channel = channelOf(name)
        const from = since === undefined ? {} : { since }
        return (await dispatch(own, 'event.subscribe', { channel, ...from })).subscription
      } catch (error) {
        end()
        throw error
      }
    },
  }
}
