// The tables of jobs: one row for each job, with the instant of its next firing, and one for each run that is under
// way or waits. What has ended is in the log alone.

import type { Database } from 'bun:sqlite'

export const jobs = (database: Database): void => {
  // `anchor`: what an `every` counts from; `computed_at`: the wall clock that `next_at` was worked out by
  database.run(`CREATE TABLE jobs (
    namespace TEXT NOT NULL,
    id TEXT NOT NULL,
    action TEXT NOT NULL,
    args TEXT,
    schedule TEXT NOT NULL,
    anchor INTEGER NOT NULL,
    missed TEXT NOT NULL,
    overlap TEXT NOT NULL,
    retries INTEGER NOT NULL,
    timeout_ms INTEGER,
    announce TEXT,
    paused INTEGER NOT NULL,
    next_at INTEGER,
    computed_at INTEGER NOT NULL,
    runs INTEGER NOT NULL,
    last_at INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (namespace, id)
  ) STRICT`)
  database.run('CREATE INDEX jobs_next ON jobs (next_at) WHERE next_at IS NOT NULL')
  // `started_at` is null while it waits; `ready_at` is when a run that waits for another try is due; `cause` is what
  // whoever asked for it acted upon
  database.run(`CREATE TABLE job_runs (
    number INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    id TEXT NOT NULL,
    planned INTEGER,
    attempt INTEGER NOT NULL,
    started_at INTEGER,
    ready_at INTEGER,
    cause TEXT
  ) STRICT`)
  database.run('CREATE INDEX job_runs_job ON job_runs (namespace, id, number)')
  database.run('CREATE INDEX job_runs_ready ON job_runs (ready_at) WHERE ready_at IS NOT NULL')
}
