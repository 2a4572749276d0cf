// `guards.json` in the home: what `paid hook` goes by while no daemon answers. The daemon alone writes it.
// Promises: readers see the old text or the new one, nobody else may read it, and nothing is written through a link.

import { closeSync, constants, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'

export type KeptGuard = { pattern: string; lock: string; whenDown: 'allow' | 'deny' }

/** No guards, no file. */
export const writeGuards = (path: string, guards: readonly KeptGuard[]): void => {
  if (guards.length === 0) return rmSync(path, { force: true })
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const aside = `${path}.${crypto.randomUUID()}`
  const file = openSync(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  try {
    const bytes = Buffer.from(`${JSON.stringify({ guards })}\n`)
    for (let at = 0; at < bytes.byteLength;) at += writeSync(file, bytes, at)
    renameSync(aside, path)
  } catch (error) {
    rmSync(aside, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
}

/** None when there is no file; what is not understood is left out. */
export const readGuards = (path: string): KeptGuard[] => {
  try {
    const kept: unknown = JSON.parse(readFileSync(path, 'utf8'))
    const guards = typeof kept === 'object' && kept !== null && 'guards' in kept ? kept.guards : []
    return Array.isArray(guards) ? guards.filter(isKept) : []
  } catch {
    return []
  }
}

const isKept = (value: unknown): value is KeptGuard =>
  typeof value === 'object' &&
  value !== null &&
  'pattern' in value &&
  typeof value.pattern === 'string' &&
  'lock' in value &&
  typeof value.lock === 'string' &&
  'whenDown' in value &&
  (value.whenDown === 'allow' || value.whenDown === 'deny')
