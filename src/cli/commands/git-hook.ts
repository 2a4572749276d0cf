// `paid hook git [global]`, run by git after each commit: says which commit was made, where, and by which session.
// It promises what `paid hook` does: it prints nothing, exits 0 whatever is wrong, and what the daemon did not answer
// waits in the spool. It imports no package and runs no git where git's files tell enough: the commit waits for it.

import { deliver, ownPaths } from '../hooks/deliver.ts'
import { madeCommit } from '../hooks/made-commit.ts'

/** Resolves to the exit code. Never rejects. */
export const runGitHook = async ([scope]: readonly string[]): Promise<number> => {
  try {
    const occurredAt = Date.now()
    const [paths, made] = await Promise.all([ownPaths(), madeCommit(process.cwd(), process.env)])
    if (!paths || !made) return 0
    const session = process.env['CLAUDE_CODE_SESSION_ID']
    const told = {
      ...made,
      at: occurredAt,
      installed: scope === 'global' ? 'global' : 'repository',
      ...(session && { session }),
    }
    await deliver(paths, {
      path: '/hooks/git',
      // a repository has a commit once, so it has its key
      key: `git-${made.sha}-${Bun.hash(made.commonDir).toString(16)}`,
      occurredAt,
      body: new TextEncoder().encode(JSON.stringify(told)),
    })
  } catch {
    // silence is the promise
  }
  return 0
}
