// Jobs and their results as lines for people.

import { formatDuration } from '../../../lib/duration.ts'
import type { Job, Outcome } from '../../../protocol/jobs.ts'
import { clip, fit, visible } from '../../visible.ts'

const idWidth = 20
const scheduleWidth = 16
const resultWidth = 60

/** A local time, to the second. */
export const clockTime = (instant: number): string => {
  const local = new Date(instant)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${local.getFullYear()}-${two(local.getMonth() + 1)}-${two(local.getDate())}`
  return `${day} ${two(local.getHours())}:${two(local.getMinutes())}:${two(local.getSeconds())}`
}

export const scheduleOf = ({ cron, every, at, timeZone }: Job): string => {
  if (every !== undefined) return `every ${formatDuration(every)}`
  if (at !== undefined) return `at ${clockTime(at)}`
  return timeZone === undefined ? `${cron}` : `${cron} (${timeZone})`
}

/** When it is next, or why it is not. */
export const nextOf = ({ state, nextAt, running }: Job, now = Date.now()): string => {
  const goes = running ? ', runs now' : ''
  if (nextAt === undefined) return `${state}${goes}`
  return `next ${clockTime(nextAt)}, in ${formatDuration(Math.max(0, nextAt - now))}${goes}`
}

export const jobLine = (job: Job): string => {
  const column = (text: string, width: number) => {
    const shown = visible(text)
    return shown.length > width ? shown : fit(shown, width)
  }
  const times = job.runs === 1 ? 'finished once' : `finished ${job.runs} times`
  return `${column(job.id, idWidth)}  ${column(scheduleOf(job), scheduleWidth)}  ${visible(job.do)}  ${nextOf(job)}; ${times}`
}

/** How one run ended, or what became of a firing. */
export const outcomeLine = (outcome: Outcome): string => {
  const { at, what, planned, attempt = 1, durationMs, result, error, count, runs, reason, retryAt } = outcome
  const of = planned === undefined ? 'asked for' : `of ${clockTime(planned)}`
  const took = durationMs === undefined ? '' : ` after ${formatDuration(durationMs)}`
  const text = typeof result === 'string' ? result.trim() : JSON.stringify(result)
  const gave = result === undefined || result === null ? '' : `: ${clip(visible(text), resultWidth)}`
  const words: Record<Outcome['what'], string> = {
    finished: `finished${took}, ${of}${gave}`,
    failed: `failed${took}, ${of}: ${error}`,
    lost: `lost, ${of}: the daemon ended while it ran`,
    missed: `missed ${count}${runs ? `, ${runs} of them made up for` : ''}`,
    skipped: `left out, ${of}: ${reason === 'running' ? 'the run before it went on' : 'too many wait'}`,
  }
  const again = retryAt === undefined ? '' : `; tried again at ${clockTime(retryAt)}`
  const tries = attempt > 1 ? ` (try ${attempt})` : ''
  return visible(`${clockTime(at)}  ${words[what]}${tries}${again}`)
}
