// What is told of jobs: their events on `job:<id>`, and how those are read back as the results of a job.

import type { Database } from 'bun:sqlite'
import { actionPrefix } from '../../protocol/actions.ts'
import type { PaidError } from '../../protocol/error.ts'
import { jobPrefix, type Outcome } from '../../protocol/jobs.ts'
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
export const ofRun = ({ planned, attempt, cause }: Pick<RunRow, 'planned' | 'attempt' | 'cause'>) => ({
  ...(planned !== null && { planned }),
  attempt,
  ...(cause !== null && { cause }),
})

/** The once-only key of a planned firing; each further try has one of its own. */
export const keyOf = ({ id, planned, attempt }: RunRow): string | undefined =>
  planned === null ? undefined : `${jobPrefix}${id}@${planned}${attempt > 1 ? `#${attempt}` : ''}`

/** How a run ended. */
export type Ending = { durationMs: number } & ({ run: string } | { error: PaidError })

/** What an event says of an ending: what the action gave is in the events of the action, without its secrets. */
export const endingData = (ending: Ending) => {
  const { durationMs } = ending
  if ('error' in ending) return { durationMs, error: ending.error.message, code: ending.error.code }
  return { durationMs, run: ending.run }
}

const outcomes = ['finished', 'failed', 'lost', 'missed', 'skipped'] as const

const newest = (reader: Database, namespace: string, channel: string, type: string, limit: number) =>
  pageNewest(reader, { namespace, patterns: [{ name: channel, prefix: false }], type }, limit).events

/**
 * The newest `limit` results of a job, oldest first.
 * @param action what its newest runs gave is found in the events of this one
 */
export const resultsOf = (
  reader: Database,
  { namespace, id }: Place,
  limit: number,
  action?: string,
): Outcome[] => {
  const found = outcomes
    .flatMap((what) =>
      newest(reader, namespace, `${jobPrefix}${id}`, `job.${what}`, limit).map((event) => ({ what, event })),
    )
    .sort((a, b) => a.event.seq - b.event.seq)
    .slice(-limit)
    .map(({ what, event }) => outcomeOf(what, event))
  if (action === undefined) return found
  const gave = new Map<string, unknown>()
  for (const event of newest(reader, namespace, `${actionPrefix}${action}`, 'action.finished', limit)) {
    const { run, preview }: { run?: string; preview?: unknown } = JSON.parse(event.dataText)
    if (run !== undefined) gave.set(run, preview)
  }
  return found.map((outcome) => {
    const result = outcome.run === undefined ? undefined : gave.get(outcome.run)
    return result === undefined ? outcome : { ...outcome, result }
  })
}

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
