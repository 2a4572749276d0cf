// Hooks that ask guards, wherever ours are installed: put in with the first guard, taken out with the last.

import { PaidError } from '../../protocol/error.ts'
import { selfName } from '../self.ts'
import { hooksStatus, installHooks } from './install.ts'
import type { Scope } from './settings-file.ts'
import { whereOf } from './where.ts'

export type Guarding = {
  /** settings files that were changed */
  changed: string[]
  /** why guards are not asked everywhere */
  problems: string[]
}

const scopes: readonly Scope[] = ['user', 'project']

/** Has every settings file of ours ask guards, or not, as there are some; `any`: whether there are. */
export const guardTheHooks = (any: boolean): Guarding => {
  const changed: string[] = []
  const problems: string[] = []
  let installed = 0
  for (const scope of scopes) {
    const where = whereOf(scope)
    const { problem, outdated, unguarded, ...found } = hooksStatus(where)
    if (problem !== undefined) problems.push(problem)
    if (found.installed.length === 0) continue
    installed++
    if (!unguarded && !outdated.includes('PreToolUse')) continue
    try {
      if (installHooks(where).changed) changed.push(where.settingsPath)
    } catch (error) {
      if (!(error instanceof PaidError)) throw error
      problems.push(error.message)
    }
  }
  if (any && installed === 0)
    problems.push(
      `Claude Code asks no guard yet, but in sessions that paid starts: ${selfName()} hooks install`,
    )
  return { changed, problems }
}
