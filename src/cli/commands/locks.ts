// `paid locks`: what is held, by whom, since when.

import type { Connection } from '../../client/connection.ts'
import { formatDuration } from '../../lib/duration.ts'
import type { Lock } from '../../protocol/locks.ts'
import { withDaemon } from '../home.ts'
import { say, sayJson, tell } from '../output.ts'
import { fit, visible } from '../visible.ts'

const nameWidth = 24

const locks = async ({ json }: { json: boolean }): Promise<void> => {
  const found = await withDaemon(all)
  if (json) return sayJson(found)
  if (found.length === 0) return tell('No locks are held.')
  for (const lock of found) say(lockLine(lock))
}

export default locks

const all = async (daemon: Connection): Promise<Lock[]> => {
  const found: Lock[] = []
  for (let after: string | undefined; ;) {
    const page = await daemon.call('lock.list', after === undefined ? {} : { after })
    found.push(...page.locks)
    if (page.next === undefined) return found
    after = page.next
  }
}

export const lockLine = (lock: Lock, now = Date.now()): string => {
  const name = visible(lock.name)
  const since = formatDuration(Math.max(1000, now - lock.acquiredAt))
  const left = formatDuration(Math.max(0, lock.expiresAt - now))
  const note = lock.note === undefined ? '' : `  ${visible(lock.note)}`
  const wide = name.length > nameWidth ? name : fit(name, nameWidth)
  return `${wide}  ${visible(lock.holder)}  for ${since}, lease ends in ${left}${note}`
}
