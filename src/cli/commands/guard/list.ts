// `paid guard list`: which files need which locks.

import { formatDuration } from '../../../lib/duration.ts'
import type { Guard } from '../../../protocol/guards.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson, tell } from '../../output.ts'
import { nameColumn, visible } from '../../visible.ts'

const patternWidth = 32

const list = async ({ json }: { json: boolean }): Promise<void> => {
  const { guards } = await withDaemon((daemon) => daemon.call('guard.list', {}))
  if (json) return sayJson(guards)
  if (guards.length === 0) return tell('No guards.')
  for (const guard of guards) say(guardLine(guard))
}

export default list

const guardLine = ({ pattern, lock, wait, whenDown }: Guard): string => {
  const waits = wait > 0 ? `waits ${formatDuration(wait)}` : 'refuses at once'
  return `${nameColumn(pattern, patternWidth)}  ${visible(lock)}  ${waits}, without a daemon: ${whenDown}`
}
