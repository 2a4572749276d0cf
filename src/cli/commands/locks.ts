// `paid locks`: what is held, by whom, since when.

import { formatDuration } from '../../lib/duration.ts'
import type { Lock } from '../../protocol/locks.ts'
import { listing } from '../listing.ts'
import { nameColumn, visible } from '../visible.ts'

const nameWidth = 24

const locks = listing(
  async (daemon, from) => {
    const { locks, next } = await daemon.call('lock.list', from)
    return { items: locks, next }
  },
  (lock) => lockLine(lock),
  'No locks are held.',
)

export default locks

export const lockLine = (lock: Lock & { waiting?: string[] | undefined }, now = Date.now()): string => {
  const since = formatDuration(Math.max(1000, now - lock.acquiredAt))
  const left = formatDuration(Math.max(0, lock.expiresAt - now))
  const line = lock.waiting ? `, waited for by ${lock.waiting.map(visible).join(', ')}` : ''
  const note = lock.note === undefined ? '' : `  ${visible(lock.note)}`
  const name = nameColumn(lock.name, nameWidth)
  return `${name}  ${visible(lock.holder)}  for ${since}, lease ends in ${left}${line}${note}`
}
