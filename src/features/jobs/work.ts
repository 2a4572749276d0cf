// The jobs at work: the alarm rings, what is due begins in a transaction, and once that is on disk its action is called
// as anybody would call it. The end of a run is written until the disk takes it. What was going on when the daemon
// ended is found at the next start.

import { PaidError } from '../../protocol/error.ts'
import { asPaidError, type Dispatch } from '../../core/dispatch.ts'
import type { Ground } from '../../core/ground.ts'
import type { Transaction } from '../../core/log.ts'
import { createPeer } from '../../core/peer.ts'
import { createAlarm } from './alarm.ts'
import { type Arithmetic, createFirings } from './firings.ts'
import { jobRows, runRows } from './rows.ts'
import { type Begun, createRuns, type Turn } from './runs.ts'
import { announcementOf, type Ending } from './job-events.ts'

/** where the line of an action is full, its run asks again after so long, and longer each time */
const firstWaitMs = 500
const longestWaitMs = 30_000
/** by then the start is over */
const settledMs = 1000
/** after the disk refused, what nobody asked for is tried again */
const againMs = 1000

// with it comes the arithmetic of cron, which a daemon without jobs never needs
const arithmetic = (): Promise<Arithmetic> => import('./schedule.ts')

export type Work = ReturnType<typeof createWork>

export const createWork = ({
  log,
  database,
  clock,
  steady,
  logger,
  dispatch,
}: Omit<Ground, 'bus'> & {
  dispatch: Dispatch
}) => {
  const runs = createRuns(clock)
  const firings = createFirings(runs, logger)
  /** runs up to this number are those of the daemon before */
  const before = runRows.newest(database)
  let begun = false
  let closed = false

  /** What `work` begins is called when it is on disk. */
  const turn = async <T>(work: (turn: Turn) => T): Promise<T> => {
    const { value, started, due } = await log.commit((transaction: Transaction) => {
      const started: Begun[] = []
      const value = work({ transaction, begun: started })
      return { value, started, due: jobRows.nextDue(transaction.database) }
    })
    for (const one of started) void perform(one)
    if (begun) alarm.set(due)
    return value
  }

  /** Goes on until the disk takes it. */
  const insist = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (closed) return undefined
        logger.error('jobs could not be written; it is tried again', { error })
        await new Promise<void>((resolve) => void steady.wake(steady.now() + againMs, resolve))
      }
    }
  }

  /** The action's answer. Where its line is full, the run waits for room: it has begun, and nothing else would do it. */
  const call = async ({ job, run, startedAt }: Begun): Promise<string> => {
    const peer = createPeer(`job:${job.id}`, 'write', job.namespace)
    const cause = run.cause ?? `job:${job.id}@${run.planned ?? startedAt}`
    for (let again = 1; ; again++) {
      try {
        const answer = await dispatch(peer, 'action.run', {
          name: job.action,
          ...(job.args !== null && { args: JSON.parse(job.args) }),
          cause,
          ...(job.timeout_ms !== null && { timeout: job.timeout_ms }),
        })
        return answer.run
      } catch (error) {
        if (closed || !(error instanceof PaidError) || error.code !== 'busy') throw error
        const pause = Math.min(longestWaitMs, firstWaitMs * again) * (0.5 + Math.random())
        await new Promise<void>((resolve) => void steady.wake(steady.now() + pause, resolve))
      }
    }
  }

  const perform = async (one: Begun): Promise<void> => {
    const { job } = one
    const from = steady.now()
    const ending = await call(one).then(
      (run): Ending => ({ durationMs: steady.now() - from, run }),
      (error: unknown): Ending => ({
        durationMs: steady.now() - from,
        error: asPaidError(error, logger, `job ${job.id}`),
      }),
    )
    // what ends with the daemon was lost: the next start says so
    if (closed && 'error' in ending) return
    const finished = await insist(() => turn((open) => ({ count: runs.end(open, one, ending) })))
    if (finished?.count === undefined || job.announce === null) return
    const message = announcementOf(job, finished.count, ending)
    const peer = createPeer(`job:${job.id}`, 'write', job.namespace)
    await dispatch(peer, 'event.publish', {
      channel: job.announce,
      type: 'message',
      data: message,
      transient: true,
    }).catch((error: unknown) => logger.warn('the end of a run could not be announced', { error }))
  }

  const each = async (step: (open: Turn, reckoned: Arithmetic, now: number) => boolean): Promise<void> => {
    const reckoned = await arithmetic()
    // a turn after the other: others get in between
    while (await insist(() => turn((open) => !closed && step(open, reckoned, clock.now()))));
  }
  const alarm = createAlarm({
    clock,
    steady,
    ring: () => void each(firings.due),
    setBack: () => void each(firings.replan),
  })

  return {
    runs,
    turn,
    arithmetic,

    /** From now on jobs fire; what the daemon before left is looked after. */
    begin: (): void => {
      begun = true
      const lost = runRows.started(database).filter(({ number }) => number <= before)
      if (lost.length > 0) void insist(() => turn((open) => lost.forEach((run) => runs.lose(open, run))))
      if (jobRows.ahead(database, clock.now(), 1).length > 0) void each(firings.replan)
      const due = jobRows.nextDue(database)
      alarm.set(due)
      // so that the first firing does not wait for it
      if (due !== undefined) steady.wake(steady.now() + settledMs, () => void arithmetic())
    },

    close: (): void => {
      closed = true
      alarm.close()
    },
  }
}
