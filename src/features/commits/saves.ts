// What leaves the archive at a commit: conversations as files of its repository, and a note on the commit. Free of
// secrets both; done again, both are as they were.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ArchiveClient } from '../../archive/calls.ts'
import { savePrompt, type SavedPrompt } from '../../lib/prompt-files.ts'
import { git, type Repository } from '../../lib/repository.ts'
import type { Keeping } from './ground.ts'
import type { CommitRow, PlannedSave } from './rows.ts'

/** Whether conversations go into the repository of this commit. */
export const isWritten = (
  { writePrompts }: Keeping,
  { copy_of: copyOf, installed }: CommitRow,
  toplevel: string,
) =>
  copyOf === null &&
  writePrompts !== 'never' &&
  (writePrompts === 'always' || installed === 'repository' || existsSync(join(toplevel, '.prompts')))

/** Undefined when there is nothing to write: nothing was said in it, or the archive does not have it. */
export const saveConversation = async (
  archive: ArchiveClient,
  repository: Repository,
  { sha, folder, made_at: until }: CommitRow,
  { session, version, at }: PlannedSave,
  umask: number,
): Promise<SavedPrompt | undefined> => {
  const folders = [...new Set([repository.toplevel, folder])]
  const { conversation } = await archive.call('conversation', { id: session, until, folders })
  if (!conversation || conversation.messages.length === 0) return undefined
  return await savePrompt(repository, conversation, { version, at, commit: sha, umask })
}

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
