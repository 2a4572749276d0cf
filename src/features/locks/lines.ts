// Who waits for which lock, first come first served. In memory alone: a waiter is a call that has no answer yet, and
// ends with its connection. A waiter that a transaction picked stays in its place until that transaction is on disk,
// so that nobody loses it when the disk refuses.

import { PaidError } from '../../protocol/error.ts'
import type { Wish } from './leases.ts'
import { keyOf, type Place, type Row } from './rows.ts'

export type Waiter = {
  readonly wish: Wish
  /** who asked: with the peer's end it waits no more */
  readonly peer: string
  /** by the steady clock: from then on it is not picked any more */
  readonly until: number
  /** an open transaction gives it the lock */
  picked: boolean
  /** nobody is left who could be told */
  gone: boolean
  readonly settle: (row: Row | undefined) => void
  readonly fail: (error: Error) => void
  /** its lock, or undefined when it waited in vain */
  readonly turn: Promise<Row | undefined>
}

export const createLines = () => {
  const lines = new Map<string, Waiter[]>()
  const ofPeers = new Map<string, Set<Waiter>>()

  const of = (place: Place): readonly Waiter[] => lines.get(keyOf(place)) ?? []

  /** False when it had left already. */
  const leave = (waiter: Waiter): boolean => {
    const key = keyOf(waiter.wish)
    const line = lines.get(key)
    const at = line?.indexOf(waiter) ?? -1
    if (!line || at < 0) return false
    line.splice(at, 1)
    if (line.length === 0) lines.delete(key)
    const others = ofPeers.get(waiter.peer)
    others?.delete(waiter)
    if (others?.size === 0) ofPeers.delete(waiter.peer)
    return true
  }

  return {
    /** nobody waits for any lock: then there is nothing to look for */
    get isEmpty(): boolean {
      return lines.size === 0
    },

    /** how many wait; who was picked does not any more */
    length: (place: Place): number => of(place).reduce((sum, { picked }) => sum + (picked ? 0 : 1), 0),

    /** Who waits, the first in line first. */
    holders: (place: Place): string[] =>
      of(place)
        .filter(({ picked }) => !picked)
        .map(({ wish }) => wish.holder),

    join: (wish: Wish, peer: string, until: number): Waiter => {
      const { promise, resolve, reject } = Promise.withResolvers<Row | undefined>()
      // who waits may have ended before anybody listens
      promise.catch(() => {})
      const waiter: Waiter = {
        wish,
        peer,
        until,
        picked: false,
        gone: false,
        settle: resolve,
        fail: reject,
        turn: promise,
      }
      const line = lines.get(keyOf(wish))
      if (line) line.push(waiter)
      else lines.set(keyOf(wish), [waiter])
      const others = ofPeers.get(peer)
      if (others) others.add(waiter)
      else ofPeers.set(peer, new Set([waiter]))
      return waiter
    },

    leave,

    /** A peer waits no more; what an open transaction picked is looked at when that is on disk. */
    dropOf: (peer: string): void => {
      for (const waiter of ofPeers.get(peer) ?? []) {
        waiter.gone = true
        if (!waiter.picked && leave(waiter)) waiter.fail(goneAway())
      }
    },

    /** The transaction that picked it came to nothing. */
    putBack: (waiter: Waiter): void => {
      waiter.picked = false
      if (waiter.gone && leave(waiter)) waiter.fail(goneAway())
    },

    /** It has the lock. False when nobody is left to be told. */
    tell: (waiter: Waiter, row: Row): boolean => {
      leave(waiter)
      if (waiter.gone) waiter.fail(goneAway())
      else waiter.settle(row)
      return !waiter.gone
    },

    /** The first who may have the lock at `now`; with a `holder`, all who wait in that name. */
    first: (place: Place, now: number): Waiter | undefined =>
      of(place).find((waiter) => !waiter.picked && now < waiter.until),
    inNameOf: (place: Place, holder: string, now: number): Waiter[] =>
      of(place).filter((waiter) => !waiter.picked && now < waiter.until && waiter.wish.holder === holder),

    /** Nobody waits any longer. */
    close: (): void => {
      for (const waiter of [...lines.values()].flat())
        if (!waiter.picked && leave(waiter)) waiter.fail(new PaidError('stopping'))
    },
  }
}

const goneAway = (): PaidError => new PaidError('stopping', 'The connection ended while it waited in line')

export type Lines = ReturnType<typeof createLines>
