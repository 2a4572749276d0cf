// Leases: how a lock comes to be held, held longer, and free. Each function changes what is held and appends the event
// that tells of it to the open transaction, so that one is never without the other. A lock is held exactly as long as
// its lease runs or nobody has looked since it lapsed; who looks first ends it.

import type { Database } from 'bun:sqlite'
import { type Lock, lockPrefix } from '../../protocol/locks.ts'
import type { Clock } from '../../lib/clock.ts'
import type { SteadyClock } from '../../lib/steady-clock.ts'
import type { Log, Transaction } from '../../core/log.ts'
import type { Draft } from '../../core/log-event.ts'
import { type Peer, withCause } from '../../core/peer.ts'
import { createHeld } from './held.ts'
import { beginType, ownOf, pageOfRows, type Place, type Row, saveRow } from './rows.ts'

/** What somebody who takes a lock says of the lease. */
export type Wish = Place & {
  readonly holder: string
  readonly ttl: number
  readonly note: string | undefined
  readonly by: string
  readonly cause?: string | undefined
  readonly connection: string | null
}

/** Who has something happen to a lock, and what it acts upon. */
export type Author = Pick<Peer, 'by' | 'cause'>

/** how a lock came to be free */
export type Ending =
  | { type: 'lock.released'; reason: 'asked' | 'connection_ended' | 'daemon_restarted' | 'waiter_gone' }
  | { type: 'lock.expired' }
  | { type: 'lock.broken'; why: string }
  | { type: 'lock.transferred'; to: string }

/** the author of what nobody asked for */
export const ourselves: Author = { by: 'daemon:locks' }

/** wall and steady clock may disagree by this much before an instant that is shown is worked out anew */
const shownWithinMs = 1000

export const createLeases = (clock: Clock, steady: SteadyClock, log: Pick<Log, 'behind' | 'undone'>) => {
  const held = createHeld(log)

  const isLapsed = (row: Row): boolean => steady.now() >= row.deadline

  return {
    isLapsed,

    /** The row as it stands, lapsed or not. */
    find: (database: Database, place: Place): Row | undefined => held.get(database, place),

    /** A new holder, under a new token. */
    grant: ({ append }: Transaction, wish: Wish): Row => {
      const { namespace, name, holder, note, ttl, by, cause, connection } = wish
      const acquiredAt = clock.now()
      const row: Row = {
        namespace,
        name,
        holder,
        token: 0,
        acquired_at: acquiredAt,
        expires_at: acquiredAt + ttl,
        ttl_ms: ttl,
        deadline: steady.now() + ttl,
        boot: steady.boot,
        note: note ?? null,
        by,
        connection,
      }
      const lease = connection === null ? 'holder' : 'connection'
      const data = { holder, acquiredAt, expiresAt: row.expires_at, note, lease, cause }
      row.token = append(draftOf(wish, beginType, by, data, ownOf(row))).seq
      held.put(row)
      return row
    },

    /** The lease begins anew; token and `acquiredAt` stay. */
    extend: (
      { database }: Transaction,
      row: Row,
      ttl: number,
      { note, connection }: Pick<Row, 'note' | 'connection'> = row,
    ): Row => {
      const renewed: Row = {
        ...row,
        expires_at: clock.now() + ttl,
        ttl_ms: ttl,
        deadline: steady.now() + ttl,
        boot: steady.boot,
        note,
        connection,
      }
      saveRow(database, renewed)
      held.put(renewed)
      return renewed
    },

    /** The lock is free. */
    end: ({ append }: Transaction, row: Row, ending: Ending, author: Author): void => {
      const { type, ...how } = ending
      const data = { holder: row.holder, token: row.token, ...how, ...withCause(author) }
      append(draftOf(row, type, author.by, data))
      held.remove(row)
    },

    /** The lock whose lease ends first, or ended. */
    first: (database: Database): Row | undefined => held.first(database),

    /** Locks that are bound to a connection: to this one, or to any. */
    bound: (database: Database, id?: string): Row[] =>
      held.all(database).filter(({ connection }) => connection !== null && (id ?? connection) === connection),

    page: (reader: Database, namespace: string, after: string, limit: number): Row[] =>
      pageOfRows(reader, namespace, after, steady.now(), limit),

    /** After a boot the steady clock counts anew: what is left of each lease is told by the wall clock, and no more than it had. */
    rebase: ({ database }: Transaction): void => {
      for (const row of held.all(database)) {
        if (row.boot === steady.boot) continue
        const left = Math.max(0, Math.min(row.expires_at - clock.now(), row.ttl_ms))
        const rebased = { ...row, deadline: steady.now() + left, boot: steady.boot }
        saveRow(database, rebased)
        held.put(rebased)
      }
    },

    any: (database: Database): boolean => held.all(database).length > 0,

    lockOf: (row: Row): Lock => {
      const left = clock.now() + row.deadline - steady.now()
      return {
        name: row.name,
        holder: row.holder,
        token: row.token,
        acquiredAt: row.acquired_at,
        expiresAt: Math.abs(left - row.expires_at) > shownWithinMs ? left : row.expires_at,
        ...(row.note !== null && { note: row.note }),
        by: row.by,
        lease: row.connection === null ? 'holder' : 'connection',
      }
    },
  }
}

export type Leases = ReturnType<typeof createLeases>

export const renewedDraft = (row: Row, by: string): Draft =>
  draftOf(row, 'lock.renewed', by, { holder: row.holder, token: row.token, expiresAt: row.expires_at })

const draftOf = (
  { namespace, name }: Place,
  type: string,
  by: string,
  data: object,
  own?: string,
): Draft => ({
  namespace,
  channel: `${lockPrefix}${name}`,
  type,
  by,
  dataText: JSON.stringify(data),
  own,
})
