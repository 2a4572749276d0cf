// What an agent has open: connections that follow what is posted for it, and those that it came in by. Following ends
// with the connection, and before that when the login ends or its time is over; the connection itself goes on, if it has
// other things to do, and is told.

import type { Cursor } from '../../protocol/event.ts'
import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import type { Dispatch } from '../../core/dispatch.ts'
import { createPeer, endPeer, type Peer } from '../../core/peer.ts'
import type { SteadyClock } from '../../lib/steady-clock.ts'
import { channelOf } from './inbox.ts'

type Open = {
  name: string
  /** the login */
  session: string
  /** how long the login's token is good */
  leftMs: number
}
type Following = Open & {
  /** what has been dealt with */
  done: ReadonlySet<number>
  since: Cursor | undefined
}

export const createFollowers = ({ dispatch, steady }: { dispatch: Dispatch; steady: SteadyClock }) => {
  const followers = new Set<{ name: string; session: string; end: () => void }>()

  /** Ends it when it is time; gives back what forgets it. Throws `too_many_subscriptions`. */
  const keep = ({ name, session, leftMs }: Open, end: () => void): (() => void) => {
    const others = [...followers].filter((follower) => follower.name === name)
    if (others.length >= limits.subscriptionsPerPeer) throw new PaidError('too_many_subscriptions')
    const follower = { name, session, end }
    const cancel = steady.wake(steady.now() + Math.max(0, leftMs), end)
    followers.add(follower)
    return () => {
      followers.delete(follower)
      cancel()
    }
  }

  return {
    /** Ends those of an agent, or of one of its logins. */
    dismiss: (name: string, session?: string): void => {
      for (const follower of followers)
        if (follower.name === name && (session === undefined || follower.session === session)) follower.end()
    },

    /**
     * Its stream is told when it is over, unless the peer has ended; gives back what forgets it. Throws `no_stream`,
     * `too_many_subscriptions`.
     */
    enter: (peer: Peer, of: Open): (() => void) => {
      const { stream } = peer
      if (!stream?.over) throw new PaidError('no_stream')
      const { over } = stream
      const forget = keep(of, () => {
        forget()
        over()
      })
      peer.onEnd(forget)
      return forget
    },

    /** Resolves with the subscription. Rejects with `no_stream`, `too_many_subscriptions`. */
    follow: async (peer: Peer, { done, since, ...of }: Following): Promise<string> => {
      const { stream } = peer
      if (!stream) throw new PaidError('no_stream')
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
      const forget = keep(of, () => {
        end()
        stream.over?.()
      })
      const stay = peer.onEnd(end)
      own.onEnd(() => {
        forget()
        stay()
      })
      try {
        const channel = channelOf(of.name)
        const from = since === undefined ? {} : { since }
        return (await dispatch(own, 'event.subscribe', { channel, ...from })).subscription
      } catch (error) {
        end()
        throw error
      }
    },
  }
}
