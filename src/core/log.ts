// The log: every stored event, in the order of its number, and the one way anything changes.
//
// Promises: what `append` or `commit` resolved is on disk. Writes that arrive in one turn of the event loop share one
// COMMIT (a group); only after it are events delivered, in `seq` order with the transient ones between them, and only
// then are the callers answered. A read asked for while a group is open runs after its COMMIT, and sees what follows
// from each event (see following.ts). A closure that throws rejects its own caller and leaves no trace; a group that cannot be written (full disk, I/O error) rejects all of its
// callers with `storage_full`, gives its numbers back, and the log heals by itself when writing works again.
// Refuses: I/O, timers or memory changes inside a closure that its rollback could not undo.

import type { Database } from 'bun:sqlite'
import { PaidError } from '../protocol/error.ts'
import { isReserved } from '../protocol/channel.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from './logger.ts'
import { createFollowing, type Projection } from './following.ts'
import { asError, type Ends, type Group, memberOf, newGroup } from './group.ts'
import { createHandOut } from './hand-out.ts'
import { createHealing } from './healing.ts'
import { createGroupTime } from './group-time.ts'
import { LogEvent, type Draft } from './log-event.ts'
import { prepareStatements } from './log-statements.ts'
import { isStorageError } from './storage-error.ts'
import { createStreams } from './streams.ts'

/** What a closure of `commit` gets: the open transaction. */
export type Transaction = {
  readonly database: Database
  /** Writes one event into the open group. Throws SQLite's errors. */
  readonly append: (draft: Draft) => LogEvent
  /** The stored event with this once-only key, also when it was written in this very group. */
  readonly byKey: (namespace: string, key: string) => LogEvent | undefined
}

export type Log = ReturnType<typeof createLog>

const asItIs = { done: <T>(value: T): T => value }
const isStored = ({ seq }: LogEvent): boolean => seq > 0

/**
 * @param database the only writing connection; from now on nothing else may begin a transaction on it
 * @param reader a read-only connection to the same file
 * @param deliver gets the events of a group after its COMMIT, in order; must not throw
 */
export const createLog = ({
  database,
  reader,
  clock,
  logger,
  deliver,
}: {
  database: Database
  reader: Database
  clock: Clock
  logger: Logger
  deliver: (events: readonly LogEvent[]) => void
}) => {
  const prepared = prepareStatements(database)
  const streams = createStreams(database)
  const following = createFollowing(database, streams, prepared)
  const last = prepared.last()
  let committedHead = Math.max(last.seq, streams.head())
  let head = committedHead
  let at = last.at
  let group: Group | undefined
  /** reads asked for in the turn that made the log: first its rooms are built, with what follows from events */
  let early: (() => void)[] | undefined = []
  let closed = false

  const listeners = createHandOut(deliver)
  const time = createGroupTime(() => flush())

  const healing = createHealing(() => !group && !closed && prepared.attempt(), logger)

  const now = (): number => (at = Math.max(at, clock.now()))

  const append = (draft: Draft): LogEvent => {
    // a full disk ends the transaction under a closure that may not have noticed
    if (!database.inTransaction) throw new PaidError('storage_full')
    const reserved = isReserved(draft.channel)
    const stream = streams.of(draft.namespace, draft.channel, draft.type, reserved)
    const event = new LogEvent(draft, head + 1, now(), reserved, stream)
    prepared.insert(event)
    head = event.seq
    open().timeline.push(event)
    return event
  }

  const transaction: Transaction = { database, append, byKey: prepared.byKey }

  const begin = (): Group => {
    prepared.begin()
    return (group = newGroup())
  }

  const open = (): Group => {
    if (group) return group
    const opened = begin()
    time.opened()
    return opened
  }

  /** Ends the open group without its events: every member is rejected, its numbers are given back. */
  const lose = (cause: unknown): void => {
    const lost = group
    group = undefined
    try {
      prepared.rollBack()
    } catch (error) {
      logger.error('rollback failed', { error })
    }
    following.undo()
    head = committedHead
    healing.lost(cause, Math.max(1, lost?.members.length ?? 0))
    if (!lost) return
    const transient = lost.timeline.filter((event) => event.seq === 0)
    if (transient.length > 0) listeners.tell(transient)
    for (const member of lost.members) member.reject(new PaidError('storage_full'))
    for (const read of lost.reads) read()
  }

  const flush = (): void => {
    if (group && !time.waits(group.members.length)) write(group)
  }

  /** Whether it is on disk; if not, its members were told. */
  const write = (done: Group): boolean => {
    const stored = done.timeline.every(isStored) ? done.timeline : done.timeline.filter(isStored)
    const follows = done.reads.length > 0 || following.isDue(stored)
    try {
      if (follows) following.write(stored)
      prepared.commit.run()
    } catch (error) {
      lose(error)
      return false
    }
    group = undefined
    time.written(done.members.length)
    if (follows) following.written()
    else following.add(stored)
    committedHead = head
    healing.healed()
    listeners.tell(done.timeline)
    for (const member of done.members) member.settle()
    for (const read of done.reads) read()
    return true
  }

  /** Runs `work` in the open group. What it throws leaves no trace, or, when the disk refused it, no group. */
  const enter = <T>(work: (transaction: Transaction) => T, single: boolean, open: () => Group): T => {
    if (closed) throw new PaidError('stopping')
    let joined: Group
    try {
      joined = open()
    } catch (error) {
      lose(error)
      throw new PaidError('storage_full')
    }
    const lengthBefore = joined.timeline.length
    const headBefore = head
    try {
      if (!single) prepared.mark.run()
      const value = work(transaction)
      if (!single) prepared.keep.run()
      return value
    } catch (error) {
      if (group !== joined || !database.inTransaction || isStorageError(error)) {
        if (group === joined) lose(error)
        throw new PaidError('storage_full')
      }
      if (single) {
        // what it wrote cannot be taken back alone
        if (head !== headBefore) {
          lose(error)
          throw new PaidError('storage_full')
        }
      } else {
        prepared.undo.run()
        prepared.keep.run()
      }
      joined.timeline.length = lengthBefore
      head = headBefore
      streams.forget()
      throw error
    }
  }

  /** Hands its answer over after the COMMIT of its group. */
  const join = <T, A>(work: (transaction: Transaction) => T, single: boolean, ends: Ends<T, A>): Promise<A> =>
    new Promise<A>((resolve, reject) => {
      try {
        const value = enter(work, single, open)
        open().members.push(memberOf(value, ends, resolve, reject))
      } catch (error) {
        reject(asError(error))
      }
    })

  /** The same in a group of this one alone, which is written before it comes back. */
  const alone = <T, A>(work: (transaction: Transaction) => T, { done, lost }: Ends<T, A>): A => {
    let written = false
    let value: T
    try {
      value = enter(work, true, begin)
    } finally {
      if (group) written = write(group)
    }
    if (written) return done(value)
    lost?.()
    throw new PaidError('storage_full')
  }

  const readEarly = (): void => {
    const reads = early ?? []
    early = undefined
    if (group) group.reads.push(...reads)
    else for (const read of reads) read()
  }
  setImmediate(readEarly)

  return {
    /** Stores one event; resolves with it when it is on disk and was delivered. Rejects with `storage_full`. */
    append: (draft: Draft): Promise<LogEvent> =>
      join<LogEvent, LogEvent>(() => append(draft), draft.key === undefined, asItIs),

    /**
     * Runs a synchronous closure in the group's transaction; resolves with its value after the COMMIT.
     * `single`: nothing but the disk can refuse what the closure does once it has appended, so that it needs no
     * savepoint; if something does, all of its group is refused.
     */
    commit: <T>(work: (transaction: Transaction) => T, single = false): Promise<T> =>
      join<T, T>(work, single, asItIs),

    /** The same for a `single` closure, whose answer comes back itself, or is thrown for, where nobody else writes. */
    commitNow: <T, A>(work: (transaction: Transaction) => T, ends: Ends<T, A>): A | Promise<A> =>
      group === undefined && !listeners.busy && time.isLonely() ? alone(work, ends) : join(work, true, ends),

    /** Delivers an event that is not stored, in its place behind what an open group holds. Resolves after delivery. */
    emit: (draft: Draft): Promise<LogEvent> => {
      const event = new LogEvent(draft, 0, now(), isReserved(draft.channel))
      const open = group
      if (!open) {
        listeners.tell([event])
        return Promise.resolve(event)
      }
      open.timeline.push(event)
      return new Promise((resolve) => {
        const settle = () => resolve(event)
        open.members.push({ settle, reject: settle })
      })
    },

    /** Runs a read on the read-only connection: at once, or right after the open group's COMMIT. */
    read: <T>(query: (reader: Database) => T): Promise<T> =>
      new Promise((resolve, reject) => {
        const run = () => {
          try {
            resolve(following.read(reader, query))
          } catch (error) {
            reject(asError(error))
          }
        }
        const waiting = group?.reads ?? early
        if (waiting) waiting.push(run)
        else run()
      }),

    /** Rows that follow from events: whoever reads sees them. Only in the turn that made the log; throws later. */
    project: (projection: Projection): void => following.project(projection),

    /** Number of the last event that is on disk. */
    get head(): number {
      return committedHead
    },
    get writable(): boolean {
      return healing.writable
    },
    get lostGroups(): number {
      return healing.lostGroups
    },
    /** the last events that are on disk: what follows from them is in no table yet */
    get behind(): readonly LogEvent[] {
      return following.behind
    },
    /** how often rows that projections wrote were taken back */
    get undone(): number {
      return following.undone
    },

    /** Writes the open group and takes no more. */
    close: (): void => {
      if (group) write(group)
      readEarly()
      closed = true
      healing.close()
      following.close()
      prepared.close()
      streams.close()
    },
  }
}
