// How git's hooks stand: that of the repository we are in, and the one for all of them.

import { statusEverywhere } from './everywhere.ts'
import { type GitHook, hookIn } from './install.ts'
import { findHooks } from './place.ts'

export type GitStatus = GitHook & { scope: 'repository' | 'global' }

/** @param own the folder of hooks in the home */
export const gitStatus = async (own: string): Promise<GitStatus[]> => {
  const [place, everywhere] = await Promise.all([findHooks(process.cwd()), statusEverywhere(own)])
  const found: GitStatus[] = []
  if (place && place.folder !== own) found.push({ scope: 'repository', ...hookIn(place.folder) })
  if (everywhere) found.push({ scope: 'global', ...everywhere })
  return found
}
