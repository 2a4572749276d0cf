// The rows of held locks, and the events that tell of them: each function writes both into the open transaction, so
// that one is never without the other. A row is there exactly as long as its lock is held or nobody has looked since
// it lapsed; who looks first removes it.

import type { Database } from 'bun:sqlite'
import { type Lock, lockPrefix } from '../../protocol/locks.ts'
import type { Clock } from '../../lib/clock.ts'
import type { SteadyClock } from '../../lib/steady-clock.ts'
import type { Transaction } from '../../core/log.ts'
import type { Draft } from '../../core/log-event.ts'
import { createHeld } from './held.ts'

const insert = 'INSERT INTO locks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'
const extend = `UPDATE locks SET expires_at = ?, ttl_ms = ?, deadline = ?, note = ?, connection = ?
  WHERE namespace = +? AND name = +?`
const remove = 'DELETE FROM locks WHERE namespace = +? AND name = +?'
const ofConnection = 'SELECT * FROM locks WHERE connection = +?'
const ofConnections = 'SELECT * FROM locks WHERE connection IS NOT NULL'
const page = `SELECT * FROM locks WHERE namespace = +? AND name > +? AND deadline > +? ORDER BY name LIMIT +?`
const rebase = `UPDATE locks SET deadline = ? + max(0, min(expires_at - ?, ttl_ms)), boot = ? WHERE boot <> ?`
const any = 'SELECT 1 FROM locks LIMIT 1'

export type Row = {
  namespace: string
  name: string
  holder: string
  token: number
  acquired_at: number
  /** by the wall clock of when it was written */
  expires_at: number
  ttl_ms: number
  /** by the steady clock of `boot` */
  deadline: number
  boot: string
  note: string | null
  by: string
  /** the peer whose end is its end */
  connection: string | null
}

export type Place = { readonly namespace: string; readonly name: string }

/** What somebody who takes a lock says of the lease. */
export type Wish = Place & {
  readonly holder: string
  readonly ttl: number
  readonly note: string | undefined
  readonly by: string
  readonly connection: string | null
}

/** how a lock came to be free */
export type Ending =
  | { type: 'lock.released'; reason: 'asked' | 'connection_ended' | 'daemon_restarted' | 'waiter_gone' }
  | { type: 'lock.expired' }
  | { type: 'lock.broken'; why: string }
  | { type: 'lock.transferred'; to: string }

/** the author of what nobody asked for */
export const ourselves = 'daemon:locks'

/** wall and steady clock may disagree by this much before an instant that is shown is worked out anew */
const shownWithinMs = 1000

/** @param undone see `createHeld` */
export const createLeases = (clock: Clock, steady: SteadyClock, undone: () => number) => {
  const held = createHeld(undone)

  const isLapsed = (row: Row): boolean => steady.now() >= row.deadline

  const span = (ttl: number) => ({ expires_at: clock.now() + ttl, deadline: steady.now() + ttl })

  return {
    isLapsed,

    /** The row as it stands, lapsed or not. */
    find: (database: Database, place: Place): Row | undefined => held.get(database, place),

    /** A new holder, under a new token. */
    grant: ({ append, database }: Transaction, wish: Wish): Row => {
      const { namespace, name, holder, note, by, connection } = wish
      const acquiredAt = clock.now()
      const { expires_at, deadline } = span(wish.ttl)
      const data = {
        holder,
        acquiredAt,
        expiresAt: expires_at,
        ...(note !== undefined && { note }),
        lease: connection === null ? 'holder' : 'connection',
      }
      const { seq: token } = append(draftOf(wish, 'lock.acquired', by, data))
      const row: Row = {
        namespace,
        name,
        holder,
        token,
        acquired_at: acquiredAt,
        expires_at,
        ttl_ms: wish.ttl,
        deadline,
        boot: steady.boot,
        note: note ?? null,
        by,
        connection,
      }
      database.query(insert).run(...valuesOf(row))
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
      const renewed = { ...row, ...span(ttl), ttl_ms: ttl, note, connection }
      const { expires_at, deadline, namespace, name } = renewed
      database.query(extend).run(expires_at, ttl, deadline, note, connection, namespace, name)
      held.put(renewed)
      return renewed
    },

    /** The lock is free. */
    end: ({ append, database }: Transaction, row: Row, ending: Ending, by: string): void => {
      const { type, ...how } = ending
      append(draftOf(row, type, by, { holder: row.holder, token: row.token, ...how }))
      database.query(remove).run(row.namespace, row.name)
      held.remove(row)
    },

    /** The lock whose lease ends first, or ended. */
    first: (database: Database): Row | undefined => held.first(database),

    ofConnection: (database: Database, id: string): Row[] =>
      database.query<Row, [string]>(ofConnection).all(id),

    ofConnections: (database: Database): Row[] => database.query<Row, []>(ofConnections).all(),

    page: (reader: Database, namespace: string, after: string, limit: number): Row[] =>
      reader.query<Row, [string, string, number, number]>(page).all(namespace, after, steady.now(), limit),

    /** After a boot the steady clock counts anew: what is left of each lease is told by the wall clock, and no more than it had. */
    rebase: (database: Database): void => {
      database.query(rebase).run(steady.now(), clock.now(), steady.boot, steady.boot)
      held.readAgain(database)
    },

    any: (database: Database): boolean => database.query(any).get() !== null,

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

/** in the order of the table's columns */
const valuesOf = (row: Row) =>
  [
    row.namespace,
    row.name,
    row.holder,
    row.token,
    row.acquired_at,
    row.expires_at,
    row.ttl_ms,
    row.deadline,
    row.boot,
    row.note,
    row.by,
    row.connection,
  ] as const

const draftOf = ({ namespace, name }: Place, type: string, by: string, data: object): Draft => ({
  namespace,
  channel: `${lockPrefix}${name}`,
  type,
  by,
  dataText: JSON.stringify(data),
})
