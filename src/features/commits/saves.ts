// Whether conversations are written into the repository of a commit, and the note on the commit.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { git, type Repository } from '../../lib/repository.ts'
import type { Keeping } from './ground.ts'
import type { CommitRow } from './rows.ts'

/** Whether conversations go into the repository of this commit. */
export const isWritten = (
  { writePrompts }: Keeping,
  { copy_of: copyOf, installed }: CommitRow,
  toplevel: string,
) =>
  copyOf === null &&
  writePrompts !== 'never' &&
  (writePrompts === 'always' || installed === 'repository' || existsSync(join(toplevel, '.prompts')))

const notes = 'refs/notes/paid'
const nobody = { GIT_AUTHOR_NAME: 'paid', GIT_AUTHOR_EMAIL: 'paid@localhost' }

/** Adds to the note of a commit what it does not say yet. The commit itself is not touched. False when git would not. */
export const addNote = async (
  { toplevel }: Repository,
  sha: string,
  lines: readonly string[],
): Promise<boolean> => {
  const known = (await git(toplevel, ['notes', `--ref=${notes}`, 'show', sha])) ?? ''
  const said = new Set(known.split('\n'))
  const fresh = lines.filter((line) => !said.has(line))
  if (fresh.length === 0) return true
  // without a name of the user's git writes no note
  const named = await git(toplevel, ['var', 'GIT_COMMITTER_IDENT'])
  const { GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL } = nobody
  const env =
    named === undefined
      ? { ...nobody, GIT_COMMITTER_NAME: GIT_AUTHOR_NAME, GIT_COMMITTER_EMAIL: GIT_AUTHOR_EMAIL }
      : {}
  const args = ['notes', `--ref=${notes}`, 'append', '-F', '-', sha]
  return (await git(toplevel, args, { input: `${fresh.join('\n')}\n`, env })) !== undefined
}
