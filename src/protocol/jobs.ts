// The words of the jobs room. An id is data: any text, its own in its namespace, never a path and never a pattern.
// Spans are whole milliseconds, instants epoch milliseconds; a parameter that nobody knows is refused.

import { z } from 'zod'
import { isDeeper } from '../lib/json-depth.ts'
import { channelName, isReserved, nameOf } from './channel.ts'
import { isIsoTime } from './event.ts'
import { limits } from './limits.ts'
import { method } from './method.ts'

export const jobPrefix = 'job:'

const id = nameOf('id', limits.jobIdBytes)

const isShort = (args: unknown): boolean =>
  !isDeeper(args, limits.jsonDepth) && Buffer.byteLength(JSON.stringify(args) ?? '') <= limits.jobArgsBytes

const at = z.union([z.int(), z.string().refine(isIsoTime)], {
  error: 'at must be an ISO 8601 time or epoch milliseconds',
})

const schedule = {
  cron: z.string().max(limits.cronCharacters).optional().meta({
    description: 'minute hour day month weekday; `@hourly`, names, `L` and `#` too',
  }),
  timeZone: z
    .string()
    .max(64)
    .optional()
    .meta({ description: 'of a cron: an IANA name; the local one if not said' }),
  seconds: z.boolean().optional().meta({ description: 'of a cron: six fields, the first one seconds' }),
  every: z
    .int()
    .optional()
    .meta({ description: 'milliseconds from one to the next, counted from when the job was added' }),
  at: at.optional().meta({ description: 'once: an ISO 8601 time or epoch milliseconds' }),
}

const policies = {
  missed: z.enum(['skip', 'run-once', 'run-all']).meta({
    description: 'what becomes of firings that nobody was there for: none runs, one for all of them, each',
  }),
  overlap: z.enum(['skip', 'queue']).meta({
    description: 'what becomes of a firing while the run before it goes on: it is left out, or waits',
  }),
  retry: z.int().min(0).max(limits.jobRetries).meta({
    description: 'how often a run that failed, or died with the daemon, is tried again',
  }),
  timeout: z.int().min(1).max(limits.actionTimeoutMs).optional().meta({
    description: 'a run is ended after this long',
  }),
}

const outcome = z.object({
  event: z.string().meta({ description: 'evt_<seq> of the event on job:<id>' }),
  at: z.int(),
  what: z.enum(['finished', 'failed', 'lost', 'missed', 'skipped']),
  planned: z
    .int()
    .optional()
    .meta({ description: 'the instant it was planned for; absent on a run that was asked for' }),
  attempt: z.int().optional(),
  run: z.string().optional().meta({ description: 'run_<id> of the action' }),
  cause: z.string().optional().meta({ description: 'what whoever asked for it acted upon' }),
  durationMs: z.int().optional(),
  result: z
    .unknown()
    .optional()
    .meta({ description: 'the beginning of what it gave, without secrets, while it is known' }),
  error: z.string().optional(),
  retryAt: z.int().optional().meta({ description: 'when it is tried again' }),
  count: z.int().optional().meta({ description: 'how many firings were missed' }),
  runs: z.int().optional().meta({ description: 'how many of them run after all' }),
  reason: z.string().optional().meta({ description: 'why it was left out' }),
})
export type Outcome = z.infer<typeof outcome>

export const job = z.object({
  id: z.string(),
  do: z.string().meta({ description: 'the action it runs' }),
  args: z.unknown().optional(),
  ...schedule,
  at: z.int().optional(),
  ...policies,
  announce: z.string().optional(),
  state: z
    .enum(['scheduled', 'paused', 'done'])
    .meta({ description: 'done: nothing is left of its schedule' }),
  running: z.boolean(),
  nextAt: z.int().optional().meta({ description: 'the next planned instant' }),
  runs: z.int().meta({ description: 'how many runs finished well' }),
  lastAt: z.int().optional().meta({ description: 'when the last of them began' }),
  createdAt: z.int(),
  createdBy: z.string().meta({ description: '<door>:<name> of the caller that added it first' }),
})
export type Job = z.infer<typeof job>

const newJob = z
  .strictObject({
    id,
    do: nameOf('do', limits.actionNameBytes).meta({ description: 'the action to run' }),
    args: z
      .unknown()
      .refine((args) => args === undefined || isShort(args), {
        error: `args are longer than ${limits.jobArgsBytes} bytes, or nested too deep`,
      })
      .optional()
      .meta({ description: 'what it is given' }),
    ...schedule,
    missed: policies.missed.default('skip'),
    overlap: policies.overlap.default('skip'),
    retry: policies.retry.default(0),
    timeout: policies.timeout,
    announce: channelName
      .refine((channel) => !isReserved(channel), 'announce: this channel is written by the daemon alone')
      .optional()
      .meta({ description: 'a channel where the end of each run is told to whoever listens, not kept' }),
  })
  .refine(
    ({ cron, every, at: once }) => [cron, every, once].filter((one) => one !== undefined).length === 1,
    {
      error: 'a job has one of cron, every, at',
    },
  )
  .refine(
    ({ cron, timeZone, seconds }) => cron !== undefined || (timeZone === undefined && seconds === undefined),
    {
      error: 'timeZone and seconds belong to a cron',
    },
  )
export type NewJob = z.output<typeof newJob>

const named = z.strictObject({ id })
const limit = (most: number, standard: number) => z.int().min(1).max(most).default(standard)

export const jobs = {
  'job.add': method({
    summary: 'Have an action run on a schedule; a job of this id is replaced and keeps its counts',
    access: 'write',
    params: newJob,
    result: () => z.object({ id: z.string(), nextAt: z.int(), replaced: z.boolean() }),
    example: { id: 'nightly', cron: '30 2 * * *', do: 'backup', args: { keep: 7 } },
  }),
  'job.list': method({
    summary: 'Jobs, by id',
    access: 'read',
    params: z.strictObject({
      after: id.optional().meta({ description: 'reads on after this id, as `next` said' }),
      limit: limit(limits.pageJobs, limits.pageJobs),
    }),
    result: () =>
      z.object({
        jobs: z.array(job),
        next: z.string().optional().meta({ description: 'there are more: give it as after' }),
      }),
    example: {},
  }),
  'job.get': method({
    summary: 'One job, with its next five runs and its last ten results',
    access: 'read',
    params: named,
    result: () => job.extend({ next: z.array(z.int()), results: z.array(outcome) }),
    example: { id: 'nightly' },
  }),
  'job.run': method({
    summary: 'Run a job now, beside its schedule',
    access: 'write',
    params: named,
    result: () =>
      z.object({
        started: z.boolean(),
        reason: z.enum(['running', 'waits', 'line_full']).optional().meta({
          description: 'the run before it goes on: it is left out; it waits for its end; too many wait',
        }),
      }),
    example: { id: 'nightly' },
  }),
  'job.pause': method({
    summary: 'Plan nothing more for a job until it is resumed; what runs goes on',
    access: 'write',
    params: named,
    result: () => z.object({ paused: z.literal(true) }),
    example: { id: 'nightly' },
  }),
  'job.resume': method({
    summary: 'Go on with a paused job from now; what was planned meanwhile is left out',
    access: 'write',
    params: named,
    result: () => z.object({ paused: z.literal(false), nextAt: z.int().optional() }),
    example: { id: 'nightly' },
  }),
  'job.remove': method({
    summary: 'Forget a job and what waits of it; a run that goes on ends by itself',
    access: 'write',
    params: named,
    result: () => z.object({ removed: z.boolean() }),
    example: { id: 'nightly' },
  }),
  'job.history': method({
    summary: 'How the runs of a job ended, and what was missed or left out, oldest first',
    access: 'read',
    params: z.strictObject({ id, limit: limit(limits.pageEvents, limits.pageEventsDefault) }),
    result: () => z.object({ results: z.array(outcome) }),
    example: { id: 'nightly', limit: 10 },
  }),
}
