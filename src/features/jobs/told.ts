// What is told of jobs: their events on `job:<id>`, and how those are read back as the results of a job.

import type { Database } from 'bun:sqlite'
import type { PaidError } from '../../protocol/error.ts'
import { jobPrefix, type Outcome } from '../../protocol/jobs.ts'
import { limits } from '../../protocol/limits.ts'
import type { Draft, LogEvent } from '../../core/log-event.ts'
import { pageNewest } from '../../core/query.ts'
import type { JobRow, Place, RunRow } from './rows.ts'

/** the author of what nobody asked for */
export const ourselves = 'daemon:jobs'

export const draftOf = ({ namespace, id }: Place, type: string, data: object, by = ourselves): Draft => ({
  namespace,
  channel: `${jobPrefix}${id}`,
  type,
  by,
  dataText: JSON.stringify(data),
})

/** Which firing a run is of. */
export const ofRun = ({ planned, attempt }: Pick<RunRow, 'planned' | 'attempt'>) => ({
  ...(planned !== null && { planned }),
  attempt,
})

/** The once-only key of a planned firing; each further try has one of its own. */
export const keyOf = ({ id, planned, attempt }: RunRow): string | undefined =>
  planned === null ? undefined : `${jobPrefix}${id}@${planned}${attempt > 1 ? `#${attempt}` : ''}`

/** How a run ended. */
export type Ending = { durationMs: number } & ({ run?: string; result: unknown } | { error: PaidError })

/** What an event says of an ending. */
export const endingData = (ending: Ending) => {
  const { durationMs } = ending
  if ('error' in ending) return { durationMs, error: ending.error.message, code: ending.error.code }
  const { run, result } = ending
  const short = Buffer.byteLength(JSON.stringify(result) ?? '') <= limits.actionPreviewBytes
  return { durationMs, ...(run !== undefined && { run }), ...(short && { result }) }
}

const outcomes = ['finished', 'failed', 'lost', 'missed', 'skipped'] as const

/** The newest `limit` results of a job, oldest first. */
export const resultsOf = (reader: Database, { namespace, id }: Place, limit: number): Outcome[] =>
  outcomes
    .flatMap((what) => {
      const filter = {
        namespace,
        patterns: [{ name: `${jobPrefix}${id}`, prefix: false }],
        type: `job.${what}`,
      }
      return pageNewest(reader, filter, limit).events.map((event) => ({ what, event }))
    })
    .sort((a, b) => a.event.seq - b.event.seq)
    .slice(-limit)
    .map(({ what, event }) => outcomeOf(what, event))

const outcomeOf = (what: Outcome['what'], event: LogEvent): Outcome => {
  const data: Partial<Outcome> = JSON.parse(event.dataText)
  return { ...data, event: event.id, at: event.at, what }
}

/** What the channel that a job names hears of the end of a run: the words that programs know from photon daemons. */
export const announcementOf = ({ id, action }: JobRow, runCount: number, ending: Ending) => {
  if (!('error' in ending)) return { event: 'job-completed', jobId: id, method: action, runCount }
  const { code, message } = ending.error
  return {
    event: 'job-failed',
    jobId: id,
    method: action,
    error: code === 'unknown_action' ? `Tool not found: ${action}` : message,
  }
}
