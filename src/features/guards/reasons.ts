// What the model is told when a guard refuses: what stands in its way, and what to do.

import type { Guard } from '../../protocol/guards.ts'

export type Held = { holder: string; acquiredAt: number; note?: string | undefined }

export const refusedBecause = (
  { lock, pattern, wait }: Guard,
  path: string,
  { holder, acquiredAt, note }: Held,
): string => {
  const since = new Date(acquiredAt).toISOString()
  const why = note === undefined ? '' : ` (${note})`
  const waited = wait > 0 ? ` It was waited for in vain.` : ''
  return (
    `${path} is guarded (${pattern}): only who holds the lock ${JSON.stringify(lock)} may touch it, and ` +
    `${holder} holds it since ${since}${why}.${waited} Leave it alone for now: go on with something else, or try ` +
    'again when the lock is free. It is given back when the turn of its holder ends; `paid locks` shows who holds what.'
  )
}

export const unknownBecause = ({ lock, pattern }: Pick<Guard, 'lock' | 'pattern'>, path: string): string =>
  `${path} is guarded (${pattern}) by the lock ${JSON.stringify(lock)}, and nobody can say who holds it now. ` +
  'Leave it alone, and tell the user: `paid status` shows what is wrong.'
