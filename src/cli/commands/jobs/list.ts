// `paid jobs list`: what is scheduled, and when it is next.

import type { Connection } from '../../../client/connection.ts'
import type { Job } from '../../../protocol/jobs.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson, tell } from '../../output.ts'
import { jobLine } from './lines.ts'

const list = async ({ json }: { json: boolean }): Promise<void> => {
  const found = await withDaemon(all)
  if (json) return sayJson(found)
  if (found.length === 0) return tell('There are no jobs.')
  for (const job of found) say(jobLine(job))
}

export default list

const all = async (daemon: Connection): Promise<Job[]> => {
  const found: Job[] = []
  for (let after: string | undefined; ;) {
    const page = await daemon.call('job.list', after === undefined ? {} : { after })
    found.push(...page.jobs)
    if (page.next === undefined) return found
    after = page.next
  }
}
