// THE JOBS ROOM: stored calls that happen on time, once.
//
// Promises: each planned firing of a job happens at most once, ever: its `job.started` has the once-only key
// `job:<id>@<planned instant>`, and is on disk before its action is called. So neither kill -9, nor a clock that is set
// back, nor a job that is removed and added again makes it happen twice. What nobody was there for is told
// (`job.missed`, how many), and runs as the job says. A run that dies with the daemon is `job.lost`, and runs again only
// with `retry`. Runs of one job never overlap: a firing meanwhile is left out and told, or waits in a bounded line.
// One alarm serves all jobs; a job that is not due costs nothing.
// The rule of time: firings are planned by the wall clock, which alone knows days and summer time.
// Refuses: schedules that never come. An id is data, and belongs to its namespace.

import type { Database } from 'bun:sqlite'
import { PaidError } from '../protocol/error.ts'
import type { NewJob } from '../protocol/jobs.ts'
import type { Dispatch, HandlersFor } from '../core/dispatch.ts'
import type { Ground } from '../core/ground.ts'
import { type Peer, withCause } from '../core/peer.ts'
import type { Arithmetic } from './jobs/firings.ts'
import { jobOf, jobRows, type JobRow, runRows, scheduleOf, shown } from './jobs/rows.ts'
import type { Schedule } from './jobs/schedule.ts'
import { draftOf, resultsOf } from './jobs/job-events.ts'
import { createWork, type Work } from './jobs/work.ts'

export type Jobs = {
  handlers: (dispatch: Dispatch) => HandlersFor<'job'>
  /** From now on jobs fire. */
  begin: () => void
  close: () => void
}

const shownRuns = 5
const shownResults = 10

export const createJobs = ({ log, database, clock, steady, logger }: Omit<Ground, 'bus'>): Jobs => {
  let opened: Work | undefined

  /** The job that is meant. */
  const find = (looked: Database, peer: Peer, id: string): JobRow => {
    const row = jobRows.find(looked, { namespace: peer.namespace, id })
    if (!row) throw new PaidError('unknown_job', `There is no job ${JSON.stringify(id)}`)
    return row
  }

  const handlers = (work: Work): HandlersFor<'job'> => ({
    'job.add': async (asked, peer) => {
      const reckoned = await work.arithmetic()
      const schedule = scheduleIn(asked)
      check(reckoned, schedule)
      return await work.turn(({ transaction }) => {
        const now = clock.now()
        const known = jobRows.find(transaction.database, { namespace: peer.namespace, id: asked.id })
        const row = rowOf(asked, schedule, peer, now, known)
        // said again, a schedule goes on as it was
        const goesOn = known?.schedule === row.schedule && known.next_at !== null
        const nextAt = goesOn ? known.next_at : reckoned.nextAfter(schedule, now, row.anchor)
        if (nextAt === undefined || nextAt === null)
          throw new PaidError('bad_schedule', 'Nothing of this schedule is to come: its time is over')
        jobRows.put(transaction.database, { ...row, next_at: nextAt })
        const replaced = known !== undefined
        const { do: action, missed, overlap, retry } = asked
        const data = {
          do: action,
          ...shown(schedule),
          missed,
          overlap,
          retry,
          nextAt,
          replaced,
          ...withCause(peer),
        }
        transaction.append(draftOf(row, 'job.added', data, peer.by))
        return { id: asked.id, nextAt, replaced }
      })
    },

    'job.list': ({ after = '', limit }, { namespace }) =>
      log.read((reader) => {
        const rows = jobRows.page(reader, namespace, after, limit + 1)
        const running = runRows.running(reader, namespace)
        const jobs = rows.slice(0, limit).map((row) => jobOf(row, running.has(row.id)))
        const next = rows.length > limit ? jobs.at(-1)?.id : undefined
        return { jobs, ...(next !== undefined && { next }) }
      }),

    'job.get': async ({ id }, peer) => {
      const reckoned = await work.arithmetic()
      return await log.read((reader) => {
        const row = find(reader, peer, id)
        const { next_at: first, anchor } = row
        const next =
          first === null ? [] : [first, ...reckoned.nextRuns(scheduleOf(row), first, shownRuns - 1, anchor)]
        const running = runRows.running(reader, row.namespace).has(id)
        return { ...jobOf(row, running), next, results: resultsOf(reader, row, shownResults, row.action) }
      })
    },

    'job.run': ({ id }, peer) =>
      work.turn((turn) => {
        const row = find(turn.transaction.database, peer, id)
        const offered = work.runs.offer(turn, row, null, row.overlap === 'queue', peer)
        return offered === 'started' || offered === 'known'
          ? { started: true }
          : { started: false, reason: offered }
      }),

    'job.pause': ({ id }, peer) =>
      work.turn(({ transaction: { database, append } }) => {
        const row = find(database, peer, id)
        if (!row.paused) {
          jobRows.plan(database, { ...row, next_at: null, paused: 1 }, clock.now())
          append(draftOf(row, 'job.paused', withCause(peer), peer.by))
        }
        return { paused: true }
      }),

    'job.resume': async ({ id }, peer) => {
      const reckoned = await work.arithmetic()
      return await work.turn(({ transaction: { database, append } }) => {
        const row = find(database, peer, id)
        if (!row.paused) return { paused: false, ...(row.next_at !== null && { nextAt: row.next_at }) }
        const now = clock.now()
        const nextAt = reckoned.nextAfter(scheduleOf(row), now, row.anchor)
        jobRows.plan(database, { ...row, next_at: nextAt ?? null, paused: 0 }, now)
        const planned = nextAt !== undefined && { nextAt }
        append(draftOf(row, 'job.resumed', { ...planned, ...withCause(peer) }, peer.by))
        return { paused: false, ...planned }
      })
    },

    'job.remove': ({ id }, peer) =>
      work.turn(({ transaction: { database, append } }) => {
        const row = jobRows.find(database, { namespace: peer.namespace, id })
        if (!row) return { removed: false }
        jobRows.remove(database, row)
        runRows.dropWaiting(database, row)
        append(draftOf(row, 'job.removed', withCause(peer), peer.by))
        return { removed: true }
      }),

    'job.history': ({ id, limit }, peer) =>
      log.read((reader) => {
        const place = { namespace: peer.namespace, id }
        const results = resultsOf(reader, place, limit, jobRows.find(reader, place)?.action)
        // of one that was removed it stays
        if (results.length === 0) find(reader, peer, id)
        return { results }
      }),
  })

  return {
    handlers: (dispatch) =>
      handlers((opened = createWork({ log, database, clock, steady, logger, dispatch }))),
    begin: () => opened?.begin(),
    close: () => opened?.close(),
  }
}

const scheduleIn = ({ cron, every, at, timeZone, seconds }: NewJob): Schedule => {
  if (every !== undefined) return { kind: 'every', everyMs: every }
  if (at !== undefined) return { kind: 'at', at: typeof at === 'number' ? at : Date.parse(at) }
  return {
    kind: 'cron',
    cron: cron ?? '',
    ...(timeZone !== undefined && { timeZone }),
    ...(seconds !== undefined && { seconds }),
  }
}

const check = ({ checkSchedule }: Arithmetic, schedule: Schedule): void => {
  try {
    checkSchedule(schedule)
  } catch (error) {
    if (!(error instanceof PaidError)) throw error
    throw new PaidError('bad_schedule', error.message, error.hint)
  }
}

/** The row of a job that is added; what was counted of the one before it stays. */
const rowOf = (asked: NewJob, schedule: Schedule, peer: Peer, now: number, known?: JobRow): JobRow => {
  const text = JSON.stringify(schedule)
  return {
    namespace: peer.namespace,
    id: asked.id,
    action: asked.do,
    args: asked.args === undefined ? null : JSON.stringify(asked.args),
    schedule: text,
    anchor: known?.schedule === text ? known.anchor : now,
    missed: asked.missed,
    overlap: asked.overlap,
    retries: asked.retry,
    timeout_ms: asked.timeout ?? null,
    announce: asked.announce ?? null,
    paused: 0,
    next_at: null,
    computed_at: now,
    runs: known?.runs ?? 0,
    last_at: known?.last_at ?? null,
    created_at: known?.created_at ?? now,
    created_by: known?.created_by ?? peer.by,
  }
}
