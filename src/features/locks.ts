// THE LOCKS ROOM: one holder at a time, for as long as its lease runs.
//
// Promises: a lock has one holder at most, and each new holder a larger token than any before it, in all namespaces,
// for ever. What was answered is on disk: locks outlive kill -9 and restart, but those bound to a connection, which end
// with it. Whoever waits is served first come first served, in the very transaction that frees the lock. A lease that
// is over is over for everybody at once, whoever looks.
// The rule of time: leases count the time that this machine was awake, by a clock nobody can set. So a wall clock that
// jumps changes nothing, and a lease does not run out while its holder sleeps with the machine. Only a boot ends that
// count, and no holder outlives a boot; then the wall clock tells what is left, never more than the lease had.
// Refuses: a lease bound to a connection on a door that has none.

import type { Database } from 'bun:sqlite'
import { PaidError } from '../protocol/error.ts'
import { limits } from '../protocol/limits.ts'
import type { Result } from '../protocol/api.ts'
import type { Clock } from '../lib/clock.ts'
import type { SteadyClock } from '../lib/steady-clock.ts'
import type { HandlersFor } from '../core/dispatch.ts'
import type { Log } from '../core/log.ts'
import type { Logger } from '../core/logger.ts'
import type { Peer } from '../core/peer.ts'
import { createLeases, type Wish } from './locks/leases.ts'
import { createLines, type Waiter } from './locks/lines.ts'
import { followInRows, type Row } from './locks/rows.ts'
import { againMs, createTurns, type Turn } from './locks/turns.ts'

/** Why somebody does not have a lock. */
type Refused = 'held' | 'waited' | 'line_full'

export type Locks = { handlers: HandlersFor<'lock'>; close: () => void }

export const createLocks = ({
  log,
  database,
  clock,
  steady,
  logger,
}: {
  log: Log
  /** looked into once, before anything is asked */
  database: Database
  clock: Clock
  steady: SteadyClock
  logger: Logger
}): Locks => {
  const leases = createLeases(clock, steady, log)
  const lines = createLines()
  const turns = createTurns({ log, leases, lines, steady, logger })
  /** peers whose end is looked for; true for those that hold a lock on their connection */
  const watched = new Map<string, boolean>()

  const watch = ({ id, onEnd }: Peer, holds: boolean): void => {
    const known = watched.get(id)
    watched.set(id, holds || known === true)
    if (known !== undefined) return
    onEnd(() => {
      // first it waits no more, then what it held goes to others
      lines.dropOf(id)
      if (watched.get(id)) void turns.connectionEnded(id)
      watched.delete(id)
    })
  }

  const waitInLine = async (waiter: Waiter, peer: Peer): Promise<Row | undefined> => {
    watch(peer, false)
    const late = (): void => {
      if (waiter.picked) cancel = steady.wake(steady.now() + againMs, late)
      else if (lines.leave(waiter)) waiter.settle(undefined)
    }
    let cancel = steady.wake(waiter.until, late)
    try {
      return await waiter.turn
    } finally {
      cancel()
    }
  }

  const answerTo = (wish: Wish, peer: Peer, row: Row, reason: Refused): Result<'lock.acquire'> => {
    const { name, holder, token, acquiredAt, expiresAt, note, lease } = leases.lockOf(row)
    const why = note === undefined ? undefined : { note }
    if (row.holder !== wish.holder)
      return { acquired: false, name, holder, acquiredAt, expiresAt, ...why, reason }
    if (row.connection !== null) watch(peer, true)
    return { acquired: true, name, holder, token, acquiredAt, expiresAt, ...why, lease }
  }

  /** Takes it if it is free, or is held in that name. */
  const take = (
    wish: Wish,
    peer: Peer,
    reason: Refused = 'held',
  ): Result<'lock.acquire'> | Promise<Result<'lock.acquire'>> =>
    turns.runTo(
      (turn) => turns.take(turn, wish),
      (row) => answerTo(wish, peer, row, reason),
    )

  const takeOrWait = async (wish: Wish, peer: Peer, wait: number): Promise<Result<'lock.acquire'>> => {
    const until = steady.now() + wait
    const joined: { waiter?: Waiter } = {}
    const look = (turn: Turn): { row: Row; reason: Refused } => {
      const found = turns.take(turn, wish)
      if (found.holder === wish.holder) return { row: found, reason: 'held' }
      if (lines.length(wish) >= limits.lineLength) return { row: found, reason: 'line_full' }
      joined.waiter = lines.join(wish, peer.id, until)
      return { row: found, reason: 'waited' }
    }
    let found: ReturnType<typeof look>
    try {
      found = await turns.run(look)
    } catch (error) {
      if (joined.waiter) lines.leave(joined.waiter)
      throw error
    }
    if (!joined.waiter) return answerTo(wish, peer, found.row, found.reason)
    const given = await waitInLine(joined.waiter, peer)
    return given ? answerTo(wish, peer, given, 'waited') : await take(wish, peer, 'waited')
  }

  log.project(followInRows)
  if (leases.any(database)) void turns.begin(log.head)

  return {
    handlers: {
      'lock.acquire': ({ name, holder, lease, ttl, wait, note }, peer) => {
        if (lease === 'connection' && !peer.stream)
          throw new PaidError(
            'no_stream',
            'lease: this door has no connection that a lock could be bound to',
            'Use paid.sock or a WebSocket, or the lease "holder".',
          )
        const wish = wishOf(peer, name, holder, ttl, note, lease === 'connection' ? peer.id : null)
        return wait > 0 ? takeOrWait(wish, peer, wait) : take(wish, peer)
      },

      'lock.assign': ({ name, holder, ttl, note }, peer) =>
        take(wishOf(peer, name, holder, ttl, note, null), peer),

      'lock.renew': ({ name, holder, token, ttl }, peer) =>
        turns.run((turn) => {
          const row = turns.current(turn, { namespace: peer.namespace, name })
          const reason = refusal(row, { holder, token }, peer)
          if (!row || reason) return { renewed: false, reason: reason ?? 'not_held' }
          return { renewed: true, ...leases.lockOf(turns.extend(turn, row, peer.by, ttl ?? row.ttl_ms)) }
        }),

      'lock.release': ({ name, holder, token }, peer) =>
        turns.run((turn) => {
          const row = turns.current(turn, { namespace: peer.namespace, name })
          const reason = refusal(row, { holder, token }, peer)
          if (!row || reason) return { released: false, reason }
          turns.end(turn, row, { type: 'lock.released', reason: 'asked' }, peer)
          return { released: true }
        }),

      'lock.get': ({ name }, { namespace }) =>
        log.read((reader) => {
          const row = leases.find(reader, { namespace, name })
          const line = lines.length({ namespace, name })
          return { lock: row && !leases.isLapsed(row) ? leases.lockOf(row) : null, line }
        }),

      'lock.list': ({ after = '', limit }, peer) =>
        log.read((reader) => {
          const rows = leases.page(reader, peer.namespace, after, limit + 1)
          const locks = rows.slice(0, limit).map((row) => {
            const waiting = lines.holders(row)
            return { ...leases.lockOf(row), ...(waiting.length > 0 && { waiting }) }
          })
          const next = rows.length > limit ? locks.at(-1)?.name : undefined
          return { locks, ...(next !== undefined && { next }) }
        }),

      'lock.break': ({ name, why }, peer) =>
        turns.run((turn) => {
          const row = turns.current(turn, { namespace: peer.namespace, name })
          if (!row) return { broken: false }
          turns.end(turn, row, { type: 'lock.broken', why }, peer)
          return { broken: true, lock: leases.lockOf(row) }
        }),

      'lock.transfer': ({ name, holder, to }, peer) =>
        turns.run((turn) => {
          const row = turns.current(turn, { namespace: peer.namespace, name })
          const reason = refusal(row, { holder, token: undefined }, peer)
          if (!row || reason)
            return { transferred: false, reason: reason ?? 'not_held', ...(row && { holder: row.holder }) }
          if (to === holder) return { transferred: true, ...leases.lockOf(row) }
          turns.end(turn, row, { type: 'lock.transferred', to }, peer)
          const wish = wishOf(peer, name, to, row.ttl_ms, row.note ?? undefined, null)
          return { transferred: true, ...leases.lockOf(turns.grant(turn, wish)) }
        }),
    },

    /** Nobody waits any longer; what is held stays held. */
    close: () => {
      turns.close()
      lines.close()
    },
  }
}

const nameOf = (peer: Peer): string => `${peer.by}#${peer.id}`

const wishOf = (
  peer: Peer,
  name: string,
  holder: string | undefined,
  ttl: number,
  note: string | undefined,
  connection: string | null,
): Wish => ({
  namespace: peer.namespace,
  name,
  holder: holder ?? nameOf(peer),
  ttl,
  note,
  by: peer.by,
  cause: peer.cause,
  connection,
})

/** Why somebody who shows this may not touch a held lock. */
const refusal = (
  row: Row | undefined,
  { holder, token }: { holder: string | undefined; token: number | undefined },
  peer: Peer,
): 'not_held' | 'not_holder' | 'old_token' | undefined => {
  if (!row) return 'not_held'
  if (holder === undefined && token === undefined && row.holder !== nameOf(peer)) return 'not_holder'
  if (holder !== undefined && row.holder !== holder) return 'not_holder'
  if (token !== undefined && row.token !== token) return 'old_token'
  return undefined
}
