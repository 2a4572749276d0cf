// `paid actions show NAME`: what it is, and how its last runs went.

import { actionPrefix } from '../../../protocol/actions.ts'
import type { Event } from '../../../protocol/event.ts'
import { formatDuration } from '../../../lib/duration.ts'
import { PaidError } from '../../../protocol/error.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson } from '../../output.ts'
import { visible } from '../../visible.ts'
import { doingOf } from './list.ts'

const runsShown = 10
/** events that are looked through for them */
const looked = 200

const show = async ({ name, json }: { name: string; json: boolean }): Promise<void> => {
  const own = `${actionPrefix}${name}`
  // a * in a name is a character, and in what is listened to it is not
  const { action, events } = await withDaemon(async (daemon) => ({
    ...(await daemon.call('action.get', { name })),
    ...(await daemon.call('event.list', { channel: name.includes('*') ? 'action:*' : own, limit: looked })),
  }))
  if (action === null) throw new PaidError('unknown_action', `There is no action ${JSON.stringify(name)}`)
  const runs = events.filter(({ type, channel }) => isEnd(type) && channel === own).slice(-runsShown)
  if (json) return sayJson({ ...action, lastRuns: runs.map(({ at, type, data }) => ({ at, type, data })) })
  const { kind, cwd, env, headers, concurrency, timeout, by, addedAt, running, waiting } = action
  const rows: [string, string][] = [
    [kind, doingOf(action)],
    ...(cwd === undefined ? [] : [['in', cwd] as [string, string]]),
    ...Object.entries(env ?? {}).map(([key, value]): [string, string] => ['env', `${key}=${value}`]),
    ...Object.entries(headers ?? {}).map(([key, value]): [string, string] => ['header', `${key}: ${value}`]),
    ['bounds', `${concurrency} at a time, ${formatDuration(timeout)} each`],
    ['now', `${running} running, ${waiting} waiting`],
    ['added', `${new Date(addedAt).toISOString()} by ${by}`],
  ]
  for (const [key, value] of rows) say(`${key.padEnd(9)} ${visible(value)}`)
  for (const run of runs) say(`run       ${visible(runLine(run))}`)
}

export default show

const isEnd = (type: string): boolean => type === 'action.finished' || type === 'action.failed'

const runLine = ({ at, type, data }: Event): string => {
  const { durationMs, error }: { durationMs?: unknown; error?: unknown } = Object(data)
  const took = typeof durationMs === 'number' ? ` after ${formatDuration(durationMs)}` : ''
  const how = type === 'action.finished' ? 'finished' : 'failed'
  return `${new Date(at).toISOString()} ${how}${took}${typeof error === 'string' ? `: ${error}` : ''}`
}
