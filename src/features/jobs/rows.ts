// The rows of jobs and of their runs, as the database keeps them. A run has a row as long as it is open: it waits, it
// goes on, or it waits for another try. What has ended is in the log alone.

import type { Database } from 'bun:sqlite'
import type { Job, NewJob } from '../../protocol/jobs.ts'
import type { Schedule } from './schedule.ts'

export type JobRow = {
  namespace: string
  id: string
  action: string
  /** JSON; null when none were given */
  args: string | null
  /** JSON of a `Schedule` */
  schedule: string
  /** what an `every` counts from */
  anchor: number
  missed: NewJob['missed']
  overlap: NewJob['overlap']
  retries: number
  timeout_ms: number | null
  announce: string | null
  paused: 0 | 1
  /** null: paused, or nothing left */
  next_at: number | null
  /** the wall clock that `next_at` was worked out by */
  computed_at: number
  runs: number
  last_at: number | null
  created_at: number
  created_by: string
}

export type RunRow = {
  number: number
  namespace: string
  id: string
  /** null: somebody asked for it */
  planned: number | null
  attempt: number
  /** null: it waits */
  started_at: number | null
  /** when a run that waits for another try is due */
  ready_at: number | null
  /** what whoever asked for it acted upon */
  cause: string | null
}

export type Place = { readonly namespace: string; readonly id: string }

const columns = `namespace, id, action, args, schedule, anchor, missed, overlap, retries, timeout_ms, announce, paused,
  next_at, computed_at, runs, last_at, created_at, created_by`
const put = `INSERT INTO jobs (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (namespace, id) DO UPDATE SET action = excluded.action, args = excluded.args,
  schedule = excluded.schedule, anchor = excluded.anchor, missed = excluded.missed, overlap = excluded.overlap,
  retries = excluded.retries, timeout_ms = excluded.timeout_ms, announce = excluded.announce,
  paused = excluded.paused, next_at = excluded.next_at, computed_at = excluded.computed_at`
const one = `SELECT ${columns} FROM jobs WHERE namespace = +? AND id = +?`
const page = `SELECT ${columns} FROM jobs WHERE namespace = +? AND id > +? ORDER BY id LIMIT +?`
const due = `SELECT ${columns} FROM jobs WHERE next_at <= +? ORDER BY next_at LIMIT +?`
const ahead = `SELECT ${columns} FROM jobs WHERE next_at IS NOT NULL AND computed_at > +? LIMIT +?`
const plan = `UPDATE jobs SET next_at = ?, anchor = ?, paused = ?, computed_at = ?
  WHERE namespace = +? AND id = +?`
const count = 'UPDATE jobs SET runs = runs + 1, last_at = ? WHERE namespace = +? AND id = +?'
const remove = 'DELETE FROM jobs WHERE namespace = +? AND id = +?'

const nextJob = 'SELECT next_at AS at FROM jobs WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1'
const nextTry = 'SELECT ready_at AS at FROM job_runs WHERE ready_at IS NOT NULL ORDER BY ready_at LIMIT 1'

const addRun = `INSERT INTO job_runs (namespace, id, planned, attempt, started_at, ready_at, cause)
  VALUES (?, ?, ?, 1, NULL, NULL, ?) RETURNING *`
const setRun = 'UPDATE job_runs SET attempt = ?, started_at = ?, ready_at = ? WHERE number = +?'
const endRun = 'DELETE FROM job_runs WHERE number = +?'
const first = 'SELECT * FROM job_runs WHERE namespace = +? AND id = +? ORDER BY number LIMIT 1'
const open = 'SELECT count(*) AS runs FROM job_runs WHERE namespace = +? AND id = +?'
const dropWaiting = 'DELETE FROM job_runs WHERE namespace = +? AND id = +? AND started_at IS NULL'
const ready = 'SELECT * FROM job_runs WHERE ready_at <= +? ORDER BY ready_at LIMIT +?'
const running = 'SELECT DISTINCT id FROM job_runs WHERE namespace = +? AND started_at IS NOT NULL'
const started = 'SELECT * FROM job_runs WHERE started_at IS NOT NULL ORDER BY number'
const hasten = 'UPDATE job_runs SET ready_at = min(ready_at, ?) WHERE ready_at IS NOT NULL'

const valuesOf = (row: JobRow) =>
  [
    row.namespace,
    row.id,
    row.action,
    row.args,
    row.schedule,
    row.anchor,
    row.missed,
    row.overlap,
    row.retries,
    row.timeout_ms,
    row.announce,
    row.paused,
    row.next_at,
    row.computed_at,
    row.runs,
    row.last_at,
    row.created_at,
    row.created_by,
  ] as const

export const jobRows = {
  find: (database: Database, { namespace, id }: Place): JobRow | undefined =>
    database.query<JobRow, [string, string]>(one).get(namespace, id) ?? undefined,

  /** Adds a job, or makes the one of its id another; the counts of that one stay. */
  put: (database: Database, row: JobRow): void => {
    database.query(put).run(...valuesOf(row))
  },

  page: (reader: Database, namespace: string, after: string, limit: number): JobRow[] =>
    reader.query<JobRow, [string, string, number]>(page).all(namespace, after, limit),

  due: (database: Database, now: number, limit: number): JobRow[] =>
    database.query<JobRow, [number, number]>(due).all(now, limit),

  /** Jobs whose next instant was worked out when the clock showed more than `now`. */
  ahead: (database: Database, now: number, limit: number): JobRow[] =>
    database.query<JobRow, [number, number]>(ahead).all(now, limit),

  /** Its next instant as the row has it, worked out at `now`. */
  plan: (database: Database, { namespace, id, next_at, anchor, paused }: JobRow, now: number): void => {
    database.query(plan).run(next_at, anchor, paused, now, namespace, id)
  },

  countRun: (database: Database, { namespace, id }: Place, startedAt: number): void => {
    database.query(count).run(startedAt, namespace, id)
  },

  remove: (database: Database, { namespace, id }: Place): void => {
    database.query(remove).run(namespace, id)
  },

  /** When something is due next: a firing, or another try. */
  nextDue: (database: Database): number | undefined => {
    const at = (sql: string) => database.query<{ at: number }, []>(sql).get()?.at ?? Infinity
    const next = Math.min(at(nextJob), at(nextTry))
    return next === Infinity ? undefined : next
  },
}

export const runRows = {
  /** A run that waits. */
  add: (
    database: Database,
    { namespace, id }: Place,
    planned: number | null,
    cause: string | null,
  ): RunRow => {
    const row = database
      .query<RunRow, [string, string, number | null, string | null]>(addRun)
      .get(namespace, id, planned, cause)
    if (!row) throw new Error('a run has no row')
    return row
  },

  set: (database: Database, { number, attempt, started_at, ready_at }: RunRow): void => {
    database.query(setRun).run(attempt, started_at, ready_at, number)
  },

  remove: (database: Database, { number }: RunRow): void => {
    database.query(endRun).run(number)
  },

  /** The run of a job that goes on, or has to be next. */
  first: (database: Database, { namespace, id }: Place): RunRow | undefined =>
    database.query<RunRow, [string, string]>(first).get(namespace, id) ?? undefined,

  count: (database: Database, { namespace, id }: Place): number =>
    database.query<{ runs: number }, [string, string]>(open).get(namespace, id)?.runs ?? 0,

  dropWaiting: (database: Database, { namespace, id }: Place): void => {
    database.query(dropWaiting).run(namespace, id)
  },

  /** Runs that wait for another try, and are due. */
  ready: (database: Database, now: number, limit: number): RunRow[] =>
    database.query<RunRow, [number, number]>(ready).all(now, limit),

  /** The jobs that run. */
  running: (reader: Database, namespace: string): Set<string> =>
    new Set(
      reader
        .query<{ id: string }, [string]>(running)
        .all(namespace)
        .map(({ id }) => id),
    ),

  /** Number of the newest run that is open. */
  newest: (database: Database): number =>
    database.query<{ number: number | null }, []>('SELECT max(number) AS number FROM job_runs').get()
      ?.number ?? 0,

  started: (database: Database): RunRow[] => database.query<RunRow, []>(started).all(),

  /** No other try waits longer than until `latest`: the clock was set back. */
  hasten: (database: Database, latest: number): void => {
    database.query(hasten).run(latest)
  },
}

export const scheduleOf = ({ schedule }: Pick<JobRow, 'schedule'>): Schedule => JSON.parse(schedule)

/** A schedule as a caller says and sees it. */
export const shown = (schedule: Schedule) => {
  if (schedule.kind === 'every') return { every: schedule.everyMs }
  if (schedule.kind === 'at') return { at: schedule.at }
  const { kind: _, ...cron } = schedule
  return cron
}

/** A job as a caller sees it. */
export const jobOf = (row: JobRow, running: boolean): Job => ({
  id: row.id,
  do: row.action,
  ...(row.args !== null && { args: JSON.parse(row.args) }),
  ...shown(scheduleOf(row)),
  missed: row.missed,
  overlap: row.overlap,
  retry: row.retries,
  ...(row.timeout_ms !== null && { timeout: row.timeout_ms }),
  ...(row.announce !== null && { announce: row.announce }),
  state: row.paused ? 'paused' : row.next_at === null ? 'done' : 'scheduled',
  running,
  ...(row.next_at !== null && { nextAt: row.next_at }),
  runs: row.runs,
  ...(row.last_at !== null && { lastAt: row.last_at }),
  createdAt: row.created_at,
  createdBy: row.created_by,
})
