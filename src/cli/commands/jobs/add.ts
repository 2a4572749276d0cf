// `paid jobs add ID …`: schedules an action. An action that is not there is no error, because it may come; it is said.

import type { Params } from '../../../protocol/api.ts'
import { limits } from '../../../protocol/limits.ts'
import { withDaemon } from '../../home.ts'
import { readJson } from '../../input.ts'
import { spanOf } from '../../span.ts'
import { talk, warn } from '../../talk.ts'
import { visible } from '../../visible.ts'
import { WrongUsage } from '../../wrong-usage.ts'
import { countOf } from '../../count.ts'
import { clockTime } from './lines.ts'

type Given = {
  id: string
  cron?: string | undefined
  every?: string | undefined
  at?: string | undefined
  do?: string | undefined
  args?: string | undefined
  tz?: string | undefined
  seconds: boolean
  missed?: string | undefined
  overlap?: string | undefined
  retry?: string | undefined
  timeout?: string | undefined
  announce?: string | undefined
}

const add = async (given: Given): Promise<void> => {
  const job = await jobOf(given)
  const { nextAt, replaced, action } = await withDaemon(async (daemon) => ({
    ...(await daemon.call('job.add', job)),
    ...(await daemon.call('action.get', { name: job.do })),
  }))
  await talk('success', visible(`${given.id}: ${replaced ? 'replaced' : 'added'}, next ${clockTime(nextAt)}`))
  if (!action) await warn(visible(`There is no action ${JSON.stringify(job.do)} yet: its runs will fail`))
}

export default add

const jobOf = async (given: Given): Promise<Params<'job.add'>> => {
  const { id, cron, every, at, tz, seconds, args, retry, timeout, announce } = given
  if ([cron, every, at].filter((one) => one !== undefined).length !== 1)
    throw new WrongUsage(
      'when it is to run is said once',
      "Give one of --cron '30 2 * * *', --every 15m and --at 2026-12-24T18:00:00Z.",
    )
  if (given.do === undefined)
    throw new WrongUsage('--do ACTION is missing', '`paid actions list` names them.')
  if (cron === undefined && (tz !== undefined || seconds))
    throw new WrongUsage('--tz and --seconds belong to --cron')
  return {
    id,
    do: given.do,
    ...(cron !== undefined && { cron }),
    ...(every !== undefined && { every: spanOf(every, '--every') }),
    ...(at !== undefined && { at: instantOf(at) }),
    ...(tz !== undefined && { timeZone: tz }),
    ...(seconds && { seconds }),
    ...(args !== undefined && { args: await readJson(args, 'what it is run with') }),
    ...(given.missed !== undefined && {
      missed: oneOf('--missed', given.missed, ['skip', 'run-once', 'run-all'] as const),
    }),
    ...(given.overlap !== undefined && {
      overlap: oneOf('--overlap', given.overlap, ['skip', 'queue'] as const),
    }),
    ...(retry !== undefined && { retry: countOf(retry, '--retry') }),
    ...(timeout !== undefined && { timeout: spanOf(timeout, '--timeout', limits.actionTimeoutMs) }),
    ...(announce !== undefined && { announce }),
  }
}

/** A time without a zone is one of this shell's. */
const instantOf = (text: string): number => {
  const instant = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(instant))
    throw new WrongUsage(`--at must be a time such as 2026-12-24T18:00:00+01:00, not ${text}`)
  return instant
}

const oneOf = <T extends string>(flag: string, text: string, known: readonly T[]): T => {
  const found = known.find((each) => each === text)
  if (found === undefined) throw new WrongUsage(`${flag} is one of ${known.join(', ')}, not ${text}`)
  return found
}
