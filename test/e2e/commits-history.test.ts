// Commits that nobody told of, from before the hook or from elsewhere; and what becomes of a link when history moves on:
// amended, renamed, written over line by line.

import { afterEach, beforeEach, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type CommitStage, openCommitStage } from '../support/commits.ts'
import { put } from '../support/git.ts'

let at: CommitStage
beforeEach(() => {
  at = openCommitStage()
})
afterEach(() => at[Symbol.dispose]())

const linkOf = async (project: string, target: string) => {
  const [origin] = (await at.origins(project, target)).origins
  return [origin?.link, ...(origin?.conversations ?? []).map(({ session }) => session)]
}

test('a commit from before the hook is found by its files, and one that nobody changed a file of by its time', async () => {
  await using _ = await at.start()
  const project = await at.repository()
  const talk = at.talk(project)
  talk.ask('begin')
  talk.use('Write', { file_path: join(project, 'a.txt'), content: 'a\n' })
  await talk.hook('Stop')
  await at.commit(project, 'a.txt', 'a\n')
  await at.commit(project, 'b.txt', 'by hand\n')
  expect(await linkOf(project, 'HEAD~1')).toEqual(['files', talk.id])
  expect(await linkOf(project, 'HEAD')).toEqual(['time', talk.id])
  expect(await linkOf(project, 'a.txt:1')).toEqual(['files', talk.id])
})

test('imported conversations are found as those that were heard', async () => {
  const project = await at.repository()
  const talk = at.talk(project)
  talk.ask('begin')
  talk.use('Write', { file_path: join(project, 'a.txt'), content: 'a\n' })
  await at.commit(project, 'a.txt', 'a\n')
  await using _ = await at.start()
  expect(await linkOf(project, 'HEAD')).toEqual(['none'])
  await at.paid(project, 'import')
  expect(await linkOf(project, 'HEAD')).toEqual(['files', talk.id])
})

test('a commit that is amended by hand is still that of the conversation', async () => {
  await using _ = await at.start()
  const project = await at.repository()
  await at.paid(project, 'hooks', 'install', '--git')
  const talk = at.talk(project)
  talk.ask('begin')
  talk.use('Write', { file_path: join(project, 'a.txt'), content: 'a\n' })
  await talk.hook('Stop')
  await at.commit(project, 'a.txt', 'a\n', { CLAUDE_CODE_SESSION_ID: talk.id })
  expect(await linkOf(project, 'HEAD')).toEqual(['exact', talk.id])
  await at.git(project, 'commit', '-q', '--amend', '-m', 'better words')
  expect(await linkOf(project, 'HEAD')).toEqual(['files', talk.id])
})

test('a line leads to who wrote it, also when the file was renamed and others wrote around it', async () => {
  await using _ = await at.start()
  const project = await at.repository()
  await at.paid(project, 'hooks', 'install', '--git')
  put(join(project, '.git/info/exclude'), '.prompts\n')
  const write = async (text: string, file: string, before: string, all: string): Promise<string> => {
    const talk = at.talk(project)
    talk.ask(text)
    talk.use('Edit', { file_path: join(project, file), old_string: before, new_string: `${before}${text}\n` })
    await talk.hook('Stop')
    await at.commit(project, file, all, { CLAUDE_CODE_SESSION_ID: talk.id })
    return talk.id
  }
  const one = await write('one', 'old.txt', '', 'one\n')
  const two = await write('two', 'old.txt', 'one\n', 'one\ntwo\n')
  await at.git(project, 'mv', 'old.txt', 'new.txt')
  await at.git(project, 'commit', '-qm', 'a better name')
  const three = await write('three', 'new.txt', 'two\n', 'one\ntwo\nthree\nfour\n')
  for (const [line, session] of [one, two, three].entries())
    expect(await linkOf(project, `new.txt:${line + 1}`)).toEqual(['exact', session])
  const whole = await at.origins(project, 'new.txt')
  expect(
    whole.origins.map(({ lines, conversations: [made] }) => ({ lines, session: made?.session })),
  ).toEqual([
    { lines: [3, 4], session: three },
    { lines: [1], session: one },
    { lines: [2], session: two },
  ])
})
