// `paid jobs show ID`: what it is, when it runs next, and how it went.

import { formatDuration } from '../../../lib/duration.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson } from '../../output.ts'
import { visible } from '../../visible.ts'
import { clockTime, nextOf, outcomeLine, scheduleOf } from './lines.ts'

const show = async ({ id, json }: { id: string; json: boolean }): Promise<void> => {
  const job = await withDaemon((daemon) => daemon.call('job.get', { id }))
  if (json) return sayJson(job)
  const { args, missed, overlap, retry, timeout, announce, createdAt, createdBy, next, results } = job
  const ended = timeout === undefined ? '' : `, ended after ${formatDuration(timeout)}`
  const rows: [string, string][] = [
    ['when', scheduleOf(job)],
    ['runs', job.do],
    ...(args === undefined ? [] : [['with', JSON.stringify(args)] as [string, string]]),
    ['policy', `missed ${missed}, overlap ${overlap}, retry ${retry}${ended}`],
    ...(announce === undefined ? [] : [['tells', announce] as [string, string]]),
    ['state', nextOf(job)],
    ['added', `${clockTime(createdAt)} by ${createdBy}`],
    ...next.map((instant): [string, string] => ['next', clockTime(instant)]),
  ]
  for (const [key, value] of rows) say(`${key.padEnd(8)} ${visible(value)}`)
  for (const outcome of results) say(`result   ${outcomeLine(outcome)}`)
}

export default show
