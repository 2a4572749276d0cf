// A consumer: a named, durable cursor over the log, and a handler that each matching event is given to.
//
// It promises: every matching stored event behind its cursor is handed over, in the order of its number, one at a time,
// at least once; the cursor moves when the handler has resolved and is on disk soon after, many steps in one commit. A
// handler that throws is asked again, later and later, up to `retries` times; then the event is set aside, which is
// told, and the line goes on. What is not the event's fault (a full disk, a daemon that stops, a line that is full)
// is waited for and not counted. After a restart or a kill it goes on behind its cursor.
// It costs nothing while nothing matches: the bus wakes it, no timer does, and what it reads it finds by index.

import { PaidError, type ErrorCode } from '../protocol/error.ts'
import type { Clock } from '../lib/clock.ts'
import type { SteadyClock } from '../lib/steady-clock.ts'
import type { Bus, Listener } from './bus.ts'
import { type ConsumerRow, type Place, saveConsumer, setAside } from './consumer/rows.ts'
import { firstWaitMs, waitMs } from './consumer/waits.ts'
import { accepts, type Filter } from './filter.ts'
import type { Log, Transaction } from './log.ts'
import type { LogEvent } from './log-event.ts'
import type { Logger } from './logger.ts'
import { countOfAny, pageOfAny } from './query.ts'

export * from './consumer/rows.ts'

export type Verdict = 'handled' | 'skipped'
export type ConsumerState = 'idle' | 'running' | 'waiting' | 'paused'
export type Failure = { attempts: number; message: string }
export type Consumer = ReturnType<typeof openConsumer>

const pageEvents = 256
/** steps over events that were skipped before they are saved */
const savedEvery = 256
const failureCharacters = 1000
const notTheEvents: readonly ErrorCode[] = ['storage_full', 'stopping', 'busy']

/**
 * Begins at once, unless it is paused.
 * @param row what is on disk of it
 * @param onSetAside writes what tells of it, in the same commit
 */
export const openConsumer = ({
  log,
  bus,
  clock,
  steady,
  logger,
  place,
  row,
  filters,
  retries,
  handle,
  onSetAside,
  paused = false,
  after = Promise.resolve(),
}: {
  log: Log
  bus: Bus
  clock: Clock
  steady: SteadyClock
  logger: Logger
  place: Place
  row: ConsumerRow
  filters: readonly Filter[]
  retries: number
  handle: (event: LogEvent) => Promise<Verdict>
  onSetAside: (transaction: Transaction, event: LogEvent, failure: Failure) => void
  paused?: boolean
  /** it begins behind this: the consumer before it has an event in hand */
  after?: Promise<void> | undefined
}) => {
  const now: ConsumerRow = { ...row }
  let resting = paused
  let closed = false
  /** a loop runs; only then is there something behind the cursor */
  let busy = true
  let saving = false
  let inHand: Promise<unknown> = Promise.resolve()
  /** steps that are not on disk */
  let moved = 0
  let wait: { until: number; end: (slept: boolean) => void } | undefined

  const stopped = (): boolean => closed || resting

  /** True when the time has passed, false when somebody stopped it. */
  const sleep = (ms: number): Promise<boolean> =>
    new Promise((resolve) => {
      if (stopped()) return resolve(false)
      const end = (slept: boolean): void => {
        cancel()
        wait = undefined
        resolve(slept)
      }
      const cancel = steady.wake(steady.now() + ms, () => end(true))
      wait = { until: clock.now() + ms, end }
    })

  const save = async (): Promise<void> => {
    if (saving) return
    saving = true
    try {
      while (moved > 0) {
        moved = 0
        await log.commit(({ database }) => saveConsumer(database, place, now), true)
      }
    } catch {
      // the disk is full: it is saved with the next step
      moved = savedEvery
    }
    saving = false
  }

  const insist = async (work: (transaction: Transaction) => void): Promise<boolean> => {
    for (;;) {
      if (closed) return false
      try {
        await log.commit(work)
        return true
      } catch (error) {
        logger.warn('a consumer could not write; it tries again', { ...place, error })
        if (!(await sleep(firstWaitMs))) return false
      }
    }
  }

  /** True when the event is dealt with, false when somebody stopped it before. */
  const settle = async (event: LogEvent): Promise<boolean> => {
    for (let unblamed = 0; ;) {
      try {
        const handling = handle(event)
        inHand = handling
        const verdict = await handling
        if (closed) return false
        if (verdict === 'handled') {
          now.handled++
          now.success_seq = event.seq
          now.success_at = clock.now()
        }
        return true
      } catch (error) {
        if (closed) return false
        const message = (error instanceof Error ? error.message : String(error)).slice(0, failureCharacters)
        now.failure_seq = event.seq
        now.failure_at = clock.now()
        now.failure = message
        if (error instanceof PaidError && notTheEvents.includes(error.code)) {
          if (!(await sleep(waitMs(++unblamed)))) return false
          continue
        }
        moved++
        const attempts = (now.failing === event.seq ? now.attempts : 0) + 1
        now.failing = event.seq
        now.attempts = attempts
        if (attempts <= retries) {
          void save()
          if (!(await sleep(waitMs(attempts)))) return false
          continue
        }
        logger.warn('a consumer set an event aside', { ...place, event: event.id, attempts })
        const passed: ConsumerRow = { ...now, cursor: event.seq, failing: null, attempts: 0 }
        const done = await insist((transaction) => {
          setAside(transaction.database, place, {
            seq: event.seq,
            at: clock.now(),
            attempts,
            failure: message,
          })
          saveConsumer(transaction.database, place, passed)
          onSetAside(transaction, event, { attempts, message })
        })
        return done
      }
    }
  }

  const step = async (): Promise<'more' | 'all' | 'interrupted'> => {
    const { events } = await log.read((reader) => {
      const page = pageOfAny(reader, filters, now.cursor, pageEvents)
      // no COMMIT lies between this read and here: whatever comes next wakes it
      if (page.events.length === 0) busy = false
      return page
    })
    if (events.length === 0) return 'all'
    for (const event of events) {
      const before = now.handled
      if (stopped() || !(await settle(event))) return 'interrupted'
      now.cursor = event.seq
      now.failing = null
      now.attempts = 0
      // what was skipped costs nothing to skip again
      if (++moved >= savedEvery || now.handled > before) void save()
    }
    // what it skips, it skips without a pause: others are let in between pages
    await new Promise((resolve) => setImmediate(resolve))
    return 'more'
  }

  const work = async (): Promise<void> => {
    if (stopped()) {
      busy = false
      return
    }
    try {
      for (let came = await step(); came !== 'all'; came = await step()) {
        if (!stopped()) continue
        busy = false
        return
      }
    } catch (error) {
      logger.error('a consumer could not read the log', { ...place, error })
      await sleep(firstWaitMs)
      busy = false
      wake()
    }
  }

  const wake = (): void => {
    if (busy || stopped()) return
    busy = true
    // whoever posted what it wakes for is answered first
    setImmediate(() => void work())
  }

  const listeners = filters.map((filter): Listener => ({
    filter,
    own: true,
    offer: (event) => {
      if (!busy && event.seq > 0 && accepts(filter, event)) wake()
    },
  }))
  for (const listener of listeners) bus.add(listener)
  void after.then(() => {
    busy = false
    wake()
  })

  return {
    /** What is on disk or will be soon. */
    get row(): Readonly<ConsumerRow> {
      return now
    },
    get state(): ConsumerState {
      if (resting) return 'paused'
      return wait ? 'waiting' : busy ? 'running' : 'idle'
    },
    /** when it tries again, epoch milliseconds */
    get triesAt(): number | undefined {
      return wait?.until
    },
    /** Matching events that are not dealt with, counted up to `limit`. */
    backlog: (limit: number): Promise<number> =>
      busy || resting
        ? log.read((reader) => countOfAny(reader, filters, now.cursor, limit))
        : Promise.resolve(0),
    /** What waits to be tried again is tried now. */
    hurry: (): void => wait?.end(true),
    pause: (): void => {
      resting = true
      wait?.end(false)
    },
    /** Goes on, also with what waits to be tried again. */
    resume: (): void => {
      resting = false
      wake()
    },
    /** Resolves when its handler has no event in hand any more; what becomes of that one does not count. */
    close: async (): Promise<void> => {
      if (!closed) {
        closed = true
        for (const listener of listeners) bus.remove(listener)
        wait?.end(false)
        if (moved > 0) log.commit(({ database }) => saveConsumer(database, place, now), true).catch(() => {})
      }
      await inHand.catch(() => {})
    },
  }
}
