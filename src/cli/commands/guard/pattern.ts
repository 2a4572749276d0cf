// A pattern as it is typed: what is about a path means one from this folder on.

import { homedir } from 'node:os'
import { resolve } from 'node:path'

export const typedPattern = (pattern: string): string => {
  if (!pattern.includes('/') || pattern.startsWith('/') || pattern.startsWith('*')) return pattern
  if (pattern.startsWith('~/')) return `${homedir()}${pattern.slice(1)}`
  return resolve(pattern)
}
