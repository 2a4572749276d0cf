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
import { againMs, createTurns } from './locks/turns.ts'

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

  const acquire = async (wish: Wish, peer: Peer, wait: number): Promise<Result<'lock.acquire'>> => {
    const until = steady.now() + wait
    const joined: { waiter?: Waiter } = {}
    const attempt = (mayWait: boolean) =>
      turns.run((turn) => {
        const row = turns.take(turn, wish)
        if (row.holder === wish.holder || !mayWait) return { row, reason: 'held' as const }
        if (lines.length(wish) >= limits.lineLength) return { row, reason: 'line_full' as const }
        joined.waiter = lines.join(wish, peer.id, until)
        return { row, reason: 'waited' as const }
      })
    let { row, reason }: { row: Row; reason: 'held' | 'waited' | 'line_full' } = await attempt(
      wait > 0,
    ).catch((error: unknown) => {
      if (joined.waiter) lines.leave(joined.waiter)
      throw error
    })
    if (joined.waiter) {
      const given = await waitInLine(joined.waiter, peer)
      reason = 'waited'
      row = given ?? (await attempt(false)).row
    }
    const { by: _, ...lock } = leases.lockOf(row)
    if (row.holder === wish.holder) {
      if (row.connection !== null) watch(peer, true)
      return { acquired: true, ...lock }
    }
    const { name, holder, acquiredAt, expiresAt, note } = lock
    return {
      acquired: false,
      name,
      holder,
      acquiredAt,
      expiresAt,
      ...(note !== undefined && { note }),
      reason,
    }
  }

  log.project(followInRows)
  if (leases.any(database)) void turns.begin(log.head)

  return {
    handlers: {
      'lock.acquire': async ({ lease, ttl, wait, note, ...asked }, peer) => {
        if (lease === 'connection' && !peer.stream)
          throw new PaidError(
            'no_stream',
            'lease: this door has no connection that a lock could be bound to',
            'Use paid.sock or a WebSocket, or the lease "holder".',
          )
        const connection = lease === 'connection' ? peer.id : null
        return await acquire({ ...wishOf(asked, peer), ttl, note, connection }, peer, wait)
      },

      'lock.assign': ({ ttl, note, ...asked }, peer) =>
        acquire({ ...wishOf(asked, peer), ttl, note, connection: null }, peer, 0),

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
          turns.end(turn, row, { type: 'lock.released', reason: 'asked' }, peer.by)
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
          const locks = rows.slice(0, limit).map(leases.lockOf)
          const next = rows.length > limit ? locks.at(-1)?.name : undefined
          return { locks, ...(next !== undefined && { next }) }
        }),

      'lock.break': ({ name, why }, peer) =>
        turns.run((turn) => {
          const row = turns.current(turn, { namespace: peer.namespace, name })
          if (!row) return { broken: false }
          turns.end(turn, row, { type: 'lock.broken', why }, peer.by)
          return { broken: true, lock: leases.lockOf(row) }
        }),

      'lock.transfer': ({ name, holder, to }, peer) =>
        turns.run((turn) => {
          const row = turns.current(turn, { namespace: peer.namespace, name })
          const reason = refusal(row, { holder, token: undefined }, peer)
          if (!row || reason)
            return { transferred: false, reason: reason ?? 'not_held', ...(row && { holder: row.holder }) }
          if (to === holder) return { transferred: true, ...leases.lockOf(row) }
          turns.end(turn, row, { type: 'lock.transferred', to }, peer.by)
          const wish = { ...wishOf({ name, holder: to }, peer), ttl: row.ttl_ms, connection: null }
          return {
            transferred: true,
            ...leases.lockOf(turns.grant(turn, { ...wish, note: row.note ?? undefined })),
          }
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

const wishOf = ({ name, holder }: { name: string; holder?: string | undefined }, peer: Peer) => ({
  namespace: peer.namespace,
  name,
  holder: holder ?? nameOf(peer),
  by: peer.by,
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
