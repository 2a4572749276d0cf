// What happens to a lock in one transaction: it is granted, extended, ended, and the first in line has it in the same
// breath. What a transaction decided for who waits becomes true when it is on disk, or not at all. Leases that end with
// nobody looking are ended here by an alarm, so that their line goes on and their event is told.

import type { SteadyClock } from '../../lib/steady-clock.ts'
import type { Log, Transaction } from '../../core/log.ts'
import type { Logger } from '../../core/logger.ts'
import { type Author, type Ending, type Leases, ourselves, renewedDraft, type Wish } from './leases.ts'
import type { Lines, Waiter } from './lines.ts'
import type { Place, Row } from './rows.ts'

/** One transaction, and what it decided. */
export type Turn = {
  readonly transaction: Transaction
  readonly served: { row: Row; waiters: Waiter[] }[]
  readonly renewed: { row: Row; by: string }[]
}

/** leases that one transaction of the alarm ends */
const lapsedAtOnce = 100
/** after the disk refused, what nobody asked for is tried again */
export const againMs = 1000

export const createTurns = ({
  log,
  leases,
  lines,
  steady,
  logger,
}: {
  log: Log
  leases: Leases
  lines: Lines
  steady: SteadyClock
  logger: Logger
}) => {
  let alarm: { at: number; cancel: () => void } | undefined
  let closed = false

  /** What a transaction that came to nothing decided: who was picked waits again. */
  const undo = ({ served }: Turn): void => {
    for (const { waiters } of served.splice(0)) for (const waiter of waiters) lines.putBack(waiter)
  }

  /** What a transaction that is on disk decided. */
  const tell = ({ served, renewed }: Turn): void => {
    for (const { row, waiters } of served) {
      ringAt(row.deadline)
      if (waiters.length === 0) continue
      const told = waiters.filter((waiter) => lines.tell(waiter, row))
      if (told.length === 0) void insist(() => giveBack(row))
    }
    for (const { row, by } of renewed) {
      ringAt(row.deadline)
      void log.emit(renewedDraft(row, by))
    }
  }

  /**
   * Whatever `work` looks at comes before what it writes: then nothing but the disk can refuse it.
   * @param answer what is made of it once it is on disk
   */
  const runTo = <T, A>(work: (turn: Turn) => T, answer: (found: T) => A): A | Promise<A> => {
    let turn: Turn | undefined
    const decide = (transaction: Transaction): T => {
      turn = { transaction, served: [], renewed: [] }
      try {
        return work(turn)
      } catch (error) {
        // at once: the next closure of this group must find them waiting
        undo(turn)
        throw error
      }
    }
    const done = (found: T): A => {
      if (turn) tell(turn)
      return answer(found)
    }
    let found: T | Promise<T>
    try {
      found = log.commitNow(decide)
    } catch (error) {
      if (turn) undo(turn)
      throw error
    }
    if (!(found instanceof Promise)) return done(found)
    return found.then(done, (error: unknown) => {
      if (turn) undo(turn)
      throw error
    })
  }

  const run = <T>(work: (turn: Turn) => T): T | Promise<T> => runTo(work, (found) => found)

  /** Goes on until the disk takes it. */
  const insist = async (work: () => unknown): Promise<void> => {
    try {
      await work()
    } catch (error) {
      if (closed) return
      logger.error('a lock could not be freed; it is tried again', { error })
      steady.wake(steady.now() + againMs, () => void insist(work))
    }
  }

  /** A new holder; whoever waits in its name has the lock too. */
  const grant = ({ transaction, served }: Turn, wish: Wish, waiters: Waiter[] = []): Row => {
    for (const waiter of waiters) waiter.picked = true
    let row = leases.grant(transaction, wish)
    const others = lines.isEmpty ? [] : lines.inNameOf(wish, wish.holder, steady.now())
    for (const other of others) {
      other.picked = true
      waiters.push(other)
      if (other.wish.ttl > row.ttl_ms) row = leases.extend(transaction, row, other.wish.ttl)
    }
    served.push({ row, waiters })
    return row
  }

  /** The first in line has the lock, which is free. */
  const serve = (turn: Turn, place: Place): Row | undefined => {
    const waiter = closed || lines.isEmpty ? undefined : lines.first(place, steady.now())
    return waiter && grant(turn, waiter.wish, [waiter])
  }

  const extend = (
    turn: Turn,
    row: Row,
    by: string,
    ttl: number,
    bound: Pick<Row, 'note' | 'connection'> = row,
  ): Row => {
    const extended = leases.extend(turn.transaction, row, ttl, bound)
    turn.renewed.push({ row: extended, by })
    return extended
  }

  /** The lock is free, or the next in line's; one that is handed over is neither. */
  const end = (turn: Turn, row: Row, ending: Ending, author: Author): void => {
    leases.end(turn.transaction, row, ending, author)
    if (ending.type !== 'lock.transferred') serve(turn, row)
  }

  /** Who holds the lock now. */
  const current = (turn: Turn, place: Place): Row | undefined => {
    const { database } = turn.transaction
    const row = leases.find(database, place)
    if (!row) return serve(turn, place)
    if (!leases.isLapsed(row)) return row
    end(turn, row, { type: 'lock.expired' }, ourselves)
    return leases.find(database, place)
  }

  /** Nobody could be told that it was given: the next in line has it. */
  const giveBack = (given: Row): unknown =>
    run((turn) => {
      const row = leases.find(turn.transaction.database, given)
      if (row?.token === given.token && row.deadline === given.deadline)
        end(turn, row, { type: 'lock.released', reason: 'waiter_gone' }, ourselves)
    })

  const ringAt = (at: number): void => {
    if (closed || (alarm && alarm.at <= at)) return
    alarm?.cancel()
    alarm = { at, cancel: steady.wake(at, ring) }
  }

  const ring = (): void => {
    alarm = undefined
    void insist(async () => {
      const next = await run((turn) => {
        const { database } = turn.transaction
        for (let n = 0; n < lapsedAtOnce; n++) {
          const row = leases.first(database)
          if (!row || !leases.isLapsed(row)) break
          end(turn, row, { type: 'lock.expired' }, ourselves)
        }
        return leases.first(database)?.deadline
      })
      if (next !== undefined) ringAt(next)
    })
  }

  return {
    run,
    runTo,
    grant,
    extend,
    end,
    current,

    /** Who holds the lock after `wish` was asked: its own holder, unless another has it. */
    take: (turn: Turn, wish: Wish): Row => {
      const row = current(turn, wish)
      if (!row) return grant(turn, wish)
      if (row.holder !== wish.holder) return row
      return extend(turn, row, wish.by, wish.ttl, {
        note: wish.note ?? row.note,
        connection: wish.connection,
      })
    },

    /** What was bound to this connection is free. */
    connectionEnded: (id: string): Promise<void> =>
      insist(() =>
        run((turn) => {
          for (const row of leases.bound(turn.transaction.database, id))
            end(turn, row, { type: 'lock.released', reason: 'connection_ended' }, ourselves)
        }),
      ),

    /** After a start: the time of a new boot, and connections that are no more. `before`: the last event of the run before. */
    begin: (before: number): Promise<void> =>
      insist(async () => {
        await run((turn) => {
          const { database } = turn.transaction
          leases.rebase(turn.transaction)
          for (const row of leases.bound(database))
            if (row.token <= before)
              end(turn, row, { type: 'lock.released', reason: 'daemon_restarted' }, ourselves)
        })
        ring()
      }),

    close: (): void => {
      closed = true
      alarm?.cancel()
    },
  }
}
