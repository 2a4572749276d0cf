// `paid jobs list`: what is scheduled, and when it is next.

import { listing } from '../../listing.ts'
import { jobLine } from './lines.ts'

const list = listing(
  async (daemon, from) => {
    const { jobs, next } = await daemon.call('job.list', from)
    return { items: jobs, next }
  },
  (job) => jobLine(job),
  'There are no jobs.',
)

export default list
