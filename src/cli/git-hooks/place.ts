// Where git looks for hooks, as git itself says: it knows `core.hooksPath`, worktrees and submodules.

import { existsSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { git } from '../../lib/repository.ts'
import { PaidError } from '../../protocol/error.ts'

export type HooksPlace = {
  /** the top of the working tree we are in */
  readonly toplevel: string
  /** absolute; it may be missing */
  readonly folder: string
  /** the folder is part of what the repository keeps: others get what is in it */
  readonly shared: boolean
  /** husky writes this folder anew whenever it is set up */
  readonly husky: boolean
}

/** Which configuration git reads: the user may have named another one. */
const named = ['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM', 'GIT_CONFIG_NOSYSTEM'] as const
export const gitEnvironment = (): Record<string, string | undefined> =>
  Object.fromEntries(named.map((name) => [name, process.env[name]]))

/** Undefined outside a working tree. */
export const findHooks = async (folder: string): Promise<HooksPlace | undefined> => {
  const env = gitEnvironment()
  const toplevel = await git(folder, ['rev-parse', '--show-toplevel'], { env })
  if (!toplevel) return undefined
  // a relative path means the top of the tree, where git runs hooks
  const told = await git(toplevel, ['rev-parse', '--git-path', 'hooks'], { env })
  if (!told) return undefined
  const hooks = resolve(toplevel, told)
  const inside = hooks.startsWith(`${toplevel}/`) && !hooks.startsWith(`${toplevel}/.git/`)
  const ignored =
    !inside ||
    (await git(toplevel, ['check-ignore', '--', join(hooks, 'post-commit')], { env })) !== undefined
  return {
    toplevel: realpathSync(toplevel),
    folder: hooks,
    shared: !ignored,
    husky: hooks.endsWith('/_') && existsSync(join(hooks, 'h')),
  }
}

export const needHooks = async (folder: string): Promise<HooksPlace> => {
  const found = await findHooks(folder)
  if (found) return found
  throw new PaidError(
    'bad_request',
    `${folder} is in no working tree of git`,
    'Go into one, or install for all of them with `paid hooks install --git --global`.',
  )
}
