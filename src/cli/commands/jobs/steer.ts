// `paid jobs run|pause|resume|remove ID`.

import { PaidError } from '../../../protocol/error.ts'
import { withDaemon } from '../../home.ts'
import { quoted, selfName } from '../../self.ts'
import { talk } from '../../talk.ts'
import { visible } from '../../visible.ts'
import { clockTime } from './lines.ts'

type Given = { id: string }

export const run = async ({ id }: Given): Promise<void> => {
  const { started, reason } = await withDaemon((daemon) => daemon.call('job.run', { id }))
  if (!started && reason !== 'waits')
    throw new PaidError(
      'busy',
      reason === 'running' ? `A run of ${id} goes on` : `Too many runs of ${id} wait already`,
      'Wait for its end, or add the job with --overlap queue.',
    )
  const what = started ? 'it runs' : 'it runs when the run before it has ended'
  await talk('success', visible(`${id}: ${what}; see \`${selfName()} jobs show ${quoted(id)}\``))
}

export const pause = async ({ id }: Given): Promise<void> => {
  await withDaemon((daemon) => daemon.call('job.pause', { id }))
  await talk('success', visible(`${id}: paused`))
}

export const resume = async ({ id }: Given): Promise<void> => {
  const { nextAt } = await withDaemon((daemon) => daemon.call('job.resume', { id }))
  const next = nextAt === undefined ? 'nothing of its schedule is left' : `next ${clockTime(nextAt)}`
  await talk('success', visible(`${id}: ${next}`))
}

export const remove = async ({ id }: Given): Promise<void> => {
  const { removed } = await withDaemon((daemon) => daemon.call('job.remove', { id }))
  if (!removed) throw new PaidError('unknown_job', `There is no job ${JSON.stringify(id)}`)
  await talk('success', visible(`${id}: removed`))
}
