// Photon's words for jobs: a method on a cron, in the namespace of its photon. What its run came to is told on
// `jobs:<photon>`.

import { PaidError } from '../../../protocol/error.ts'
import type { Job } from '../../../protocol/jobs.ts'
import { fitting, name, named, type Meanings } from './meaning.ts'

/** How a job that no photon scheduled shows what stands for its cron. */
const cronOf = ({ cron, every, at }: Job): string =>
  cron ?? (every === undefined ? `@at ${new Date(at ?? 0).toISOString()}` : `@every ${every}ms`)

export const listed = (job: Job) => ({
  id: job.id,
  method: job.do,
  ...(job.args !== undefined && { args: job.args }),
  cron: cronOf(job),
  runCount: job.runs,
  createdAt: job.createdAt,
  createdBy: job.createdBy,
  ...(job.nextAt !== undefined && { nextRun: job.nextAt }),
  ...(job.lastAt !== undefined && { lastRun: job.lastAt }),
})

export const jobMeanings: Meanings = {
  schedule: {
    needs: ['jobId', 'method', 'cron'],
    reads: false,
    reply: async (frame, dispatch, peer) => {
      const jobId = name(frame, 'jobId')
      const { args } = frame
      try {
        const { nextAt } = await dispatch(peer, 'job.add', {
          id: jobId,
          do: name(frame, 'method'),
          cron: name(frame, 'cron'),
          args,
          missed: 'run-once',
          announce: `jobs:${peer.namespace}`,
        })
        return { success: true, data: { scheduled: true, nextRun: nextAt, jobId } }
      } catch (error) {
        if (!(error instanceof PaidError) || error.code !== 'bad_schedule') throw error
        return { success: false, data: { scheduled: false, reason: 'Invalid cron expression' } }
      }
    },
  },
  unschedule: {
    needs: ['jobId'],
    reads: false,
    reply: async (frame, dispatch, peer) => {
      const jobId = name(frame, 'jobId')
      const { removed } = await dispatch(peer, 'job.remove', { id: jobId })
      return { success: true, data: { unscheduled: removed, jobId } }
    },
  },
  list_jobs: {
    needs: [],
    reads: true,
    reply: async (frame, dispatch, peer) => {
      const after = named(frame, 'after')
      const { jobs, next } = await dispatch(peer, 'job.list', after === undefined ? {} : { after })
      const { fit, left } = fitting(jobs.map(listed))
      const more = left ? fit.at(-1)?.id : next
      return { success: true, data: { jobs: fit, ...(more !== undefined && { more: true, after: more }) } }
    },
  },
}
