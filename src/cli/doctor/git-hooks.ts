// Whether git's hooks of ours run a program that is there. One that is not installed is nothing wrong.

import { gitStatus } from '../git-hooks/status.ts'
import { selfName } from '../self.ts'
import type { Facts } from './facts.ts'
import { failed, type Finding, ok } from './finding.ts'

const name = 'git'

export const checkGitHooks = async ({ paths }: Facts): Promise<Finding[]> => {
  const installed = (await gitStatus(paths.gitHooks)).filter((each) => each.installed)
  return installed.map(({ scope, path, program, exists }) =>
    exists === false
      ? failed(
          name,
          `${path} runs ${program}, which is not there`,
          `${selfName()} hooks install --git${scope === 'global' ? ' --global' : ''}`,
        )
      : ok(name, `${path} tells which commits are made`),
  )
}
