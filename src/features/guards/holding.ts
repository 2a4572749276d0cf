// The locks that sessions hold because of guards: taken when a tool needs them, kept while the session goes on, given back
// at the end of its turn. A lease that somebody else lengthened (the session itself, with `paid lock`) is theirs.

import { keepNewest } from '../../lib/newest.ts'
import { sessionPrefix } from '../../protocol/channel.ts'
import { limits } from '../../protocol/limits.ts'
import { lockPrefix } from '../../protocol/locks.ts'
import type { Listener } from '../../core/bus.ts'
import type { Dispatch } from '../../core/dispatch.ts'
import type { Ground } from '../../core/ground.ts'
import type { LogEvent } from '../../core/log-event.ts'
import { createPeer, endPeer, type Peer } from '../../core/peer.ts'
import type { Held } from './reasons.ts'

const ours = 'daemon:guards'

/** a lease is begun anew after this much of it, when the session does anything */
const renewedAfterMs = limits.guardLeaseMs / 5

/** leases that sessions made their own are remembered of so many */
const rememberedLeases = 1000

/** after these a session does nothing by itself: what it held for its turn is free */
const turnEnds = new Set([
  'Stop',
  'StopFailure',
  'SessionEnd',
  'turn.finished',
  'session.ended',
  'session.lost',
])

export type Place = { namespace: string; session: string }
type Asked = { lock: string; wait: number; note: string }
type Lease = {
  token: number
  acquiredAt: number
  renewedAt: number
  /** a second tool goes on with it, or did */
  isShared: boolean
}
type Holder = { leases: Map<string, Lease>; listener: Listener }

const keyOf = ({ namespace, session }: Place): string => `${namespace}\n${session}`
const holderOf = ({ session }: Place): string => `${sessionPrefix}${session}`

export const createHolding = ({ bus, clock, steady, logger }: Ground) => {
  const holders = new Map<string, Holder>()
  /** leases that are the session's own now, by their tokens */
  const lengthened = new Set<number>()

  const lengthen = (token: number): void => {
    lengthened.add(token)
    keepNewest(lengthened, rememberedLeases)
  }

  const drop = (place: Place, lock: string): Lease | undefined => {
    const holder = holders.get(keyOf(place))
    const lease = holder?.leases.get(lock)
    if (!holder || !lease) return undefined
    bus.remove(holder.listener)
    holder.leases.delete(lock)
    if (holder.leases.size === 0) holders.delete(keyOf(place))
    else listen(place, holder)
    return lease
  }

  const giveBack = async (dispatch: Dispatch, place: Place, locks: readonly string[]): Promise<void> => {
    const peer = createPeer(ours, 'write', place.namespace)
    const given = locks.map(async (lock) => {
      const lease = drop(place, lock)
      if (!lease) return
      await dispatch(peer, 'lock.release', { name: lock, holder: holderOf(place), token: lease.token })
    })
    // one that could not be given back lapses
    for (const outcome of await Promise.allSettled(given))
      if (outcome.status === 'rejected')
        logger.warn('a lock could not be given back', { session: place.session, error: outcome.reason })
  }

  const renew = (dispatch: Dispatch, place: Place, { leases }: Holder): void => {
    const peer = createPeer(ours, 'write', place.namespace)
    for (const [name, lease] of leases) {
      if (steady.now() - lease.renewedAt < renewedAfterMs) continue
      lease.renewedAt = steady.now()
      const asked = { name, holder: holderOf(place), token: lease.token, ttl: limits.guardLeaseMs }
      dispatch(peer, 'lock.renew', asked).catch((error: unknown) => {
        logger.warn('a lease could not be renewed', { session: place.session, error })
      })
    }
  }

  /** What others did to its locks, and what the session does. */
  const hear = (place: Place, holder: Holder, event: LogEvent): void => {
    if (!event.channel.startsWith(lockPrefix)) {
      if (!dispatched) return
      const at = event.occurredAt ?? event.at
      if (!endsTurn(event)) return renew(dispatched, place, holder)
      // one that comes late, out of the spool, is the end of a turn before
      const over = [...holder.leases].filter(([, { acquiredAt }]) => acquiredAt <= at).map(([lock]) => lock)
      if (over.length > 0) void giveBack(dispatched, place, over)
      return
    }
    const lock = event.channel.slice(lockPrefix.length)
    if (event.type === 'lock.renewed') {
      if (event.by === ours) return
      const lease = drop(place, lock)
      if (lease) lengthen(lease.token)
    } else if (event.type !== 'lock.acquired') drop(place, lock)
  }

  let dispatched: Dispatch | undefined

  const listen = (place: Place, holder: Holder): void => {
    const names = [holderOf(place), ...[...holder.leases.keys()].map((lock) => `${lockPrefix}${lock}`)]
    holder.listener = {
      own: true,
      filter: {
        namespace: place.namespace,
        patterns: names.map((name) => ({ name, prefix: false })),
        type: undefined,
      },
      offer: (event) => hear(place, holder, event),
    }
    bus.add(holder.listener)
  }

  const keep = (place: Place, lock: string, lease: Lease): void => {
    const known = holders.get(keyOf(place))
    if (known) bus.remove(known.listener)
    const leases = known?.leases ?? new Map<string, Lease>()
    leases.set(lock, lease)
    const holder = known ?? { leases, listener: { own: true, filter: nothing, offer: () => {} } }
    holders.set(keyOf(place), holder)
    listen(place, holder)
  }

  return {
    /** `held`: it had it before; else who has it. Waits as long as its caller is there. */
    take: async (
      dispatch: Dispatch,
      place: Place,
      { lock, wait, note }: Asked,
      caller: Pick<Peer, 'onEnd'>,
    ): Promise<'taken' | 'held' | Held> => {
      dispatched = dispatch
      const { namespace } = place
      const holder = holderOf(place)
      const peer = createPeer(ours, 'write', namespace)
      const forget = caller.onEnd(() => endPeer(peer))
      try {
        const { lock: now } = await dispatch(peer, 'lock.get', { name: lock })
        const had = now?.holder === holder ? now : undefined
        const known = holders.get(keyOf(place))?.leases.get(lock)
        if (had && known?.token === had.token && steady.now() - known.renewedAt < renewedAfterMs) {
          known.isShared = true
          return 'held'
        }
        const left = had ? had.expiresAt - clock.now() : 0
        const answer = await dispatch(peer, 'lock.acquire', {
          name: lock,
          holder,
          // a longer lease is never made a shorter one
          ttl: Math.max(limits.guardLeaseMs, Math.min(left, limits.leaseMs)),
          wait,
          ...(!had && { note }),
        })
        if (!answer.acquired) return answer
        const isOurs = !had || (had.by === ours && !lengthened.has(answer.token))
        const { token, acquiredAt } = answer
        // another tool of the session may have taken it since
        const isShared = had !== undefined || holders.get(keyOf(place))?.leases.get(lock)?.token === token
        if (isOurs) keep(place, lock, { token, acquiredAt, renewedAt: steady.now(), isShared })
        return isShared ? 'held' : 'taken'
      } finally {
        forget()
      }
    },

    /** What was taken for a tool that does not run after all; what another one goes on with stays. */
    takeBack: (dispatch: Dispatch, place: Place, locks: readonly string[]): Promise<void> => {
      const leases = holders.get(keyOf(place))?.leases
      return giveBack(
        dispatch,
        place,
        locks.filter((lock) => leases?.get(lock)?.isShared === false),
      )
    },

    /** What the run before took for sessions is kept and given back by this one. */
    recall: async (dispatch: Dispatch, namespace: string): Promise<void> => {
      dispatched = dispatch
      const peer = createPeer(ours, 'read', namespace)
      for (let after: string | undefined; ;) {
        const { locks, next } = await dispatch(peer, 'lock.list', { ...(after !== undefined && { after }) })
        for (const { name, holder, by, token, acquiredAt, expiresAt } of locks) {
          if (by !== ours || !holder.startsWith(sessionPrefix)) continue
          const session = holder.slice(sessionPrefix.length)
          const left = expiresAt - clock.now()
          const renewedAt = steady.now() + left - limits.guardLeaseMs
          if (left > limits.guardLeaseMs) lengthen(token)
          else keep({ namespace, session }, name, { token, acquiredAt, renewedAt, isShared: true })
        }
        if (next === undefined) return
        after = next
      }
    },

    close: (): void => {
      for (const { listener } of holders.values()) bus.remove(listener)
      holders.clear()
    },
  }
}

const nothing = { namespace: '', patterns: [], type: undefined }

const endsTurn = ({ type, data }: LogEvent): boolean => {
  if (turnEnds.has(type)) return true
  // the user broke it off: no Stop comes then
  return (
    type === 'PostToolUseFailure' &&
    typeof data === 'object' &&
    data !== null &&
    'is_interrupt' in data &&
    data.is_interrupt === true
  )
}
