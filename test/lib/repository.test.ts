// What git is asked, by real repositories in temporary folders.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blameOf, commitOf, filesOfCommit, git, repositoryOf } from '../../src/lib/repository.ts'

let folder: string
let project: string

const run = async (...args: string[]): Promise<string> => {
  const text = await git(project, ['-c', 'user.name=me', '-c', 'user.email=me@example.com', ...args])
  if (text === undefined) throw new Error(`git ${args.join(' ')} failed`)
  return text
}

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'paid-git-')))
  project = join(folder, 'project')
  mkdirSync(join(project, 'src'), { recursive: true })
  await run('init', '-q')
  writeFileSync(join(project, 'src', 'a b.txt'), 'one\n')
  await run('add', '-A')
  await run('commit', '-qm', 'first')
  writeFileSync(join(project, 'src', 'a b.txt'), 'one\ntwo\n')
  writeFileSync(join(project, 'ä.txt'), 'x\n')
  await run('add', '-A')
  await run('commit', '-qm', 'second: more')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const repository = async () => {
  const found = await repositoryOf(project)
  if (!found) throw new Error('no repository')
  return found
}

test('a repository is one by a subfolder, a link, a slash at the end, and a folder that is gone', async () => {
  symlinkSync(project, join(folder, 'link'))
  for (const way of ['', '/', '/src', '/src/gone/deeper'])
    expect(await repositoryOf(`${project}${way}`)).toEqual({
      toplevel: project,
      common: join(project, '.git'),
    })
  expect(await repositoryOf(join(folder, 'link', 'src'))).toEqual(await repository())
})

test('a worktree has a top of its own and the same name', async () => {
  await run('worktree', 'add', '-q', join(folder, 'tree'), '-b', 'side')
  expect(await repositoryOf(join(folder, 'tree', 'src'))).toEqual({
    toplevel: join(folder, 'tree'),
    common: join(project, '.git'),
  })
})

test('a folder of no repository, a relative one and one with a NUL have none', async () => {
  for (const place of [folder, 'src', '', '/\0', '/nowhere-at-all'])
    expect(await repositoryOf(place)).toBeUndefined()
})

test('variables of a git that called us lead nowhere else', async () => {
  mkdirSync(join(project, 'fresh'))
  process.env['GIT_DIR'] = '/nonsense'
  try {
    expect(await repositoryOf(join(project, 'fresh'))).toEqual(await repository())
  } finally {
    delete process.env['GIT_DIR']
  }
})

test('a commit has its name, parents and subject; a name that is none, or an option, has nothing', async () => {
  const found = await commitOf(await repository(), 'HEAD')
  expect(found).toMatchObject({ sha: await run('rev-parse', 'HEAD'), subject: 'second: more' })
  expect(found?.parents).toEqual([await run('rev-parse', 'HEAD~1')])
  expect(Math.abs((found?.at ?? 0) - Date.now())).toBeLessThan(600_000)
  for (const name of ['nonsense', '--all', '-1', '', 'HEAD~9'])
    expect(await commitOf(await repository(), name)).toBeUndefined()
})

test('the files of a commit are whole paths, also of the first, with blanks and letters of others', async () => {
  const own = await repository()
  expect((await filesOfCommit(own, 'HEAD')).sort()).toEqual([
    join(project, 'src', 'a b.txt'),
    join(project, 'ä.txt'),
  ])
  expect(await filesOfCommit(own, 'HEAD~1')).toEqual([join(project, 'src', 'a b.txt')])
})

test('a line leads to the commit that wrote it; one not committed leads to none', async () => {
  const own = await repository()
  const file = join('src', 'a b.txt')
  const [before, last] = [await run('rev-parse', 'HEAD~1'), await run('rev-parse', 'HEAD')]
  const one = { sha: before, line: 1, original: 1, file, text: 'one' }
  const two = { sha: last, line: 2, original: 2, file, text: 'two' }
  expect(await blameOf(own, file, 1)).toEqual([one])
  expect(await blameOf(own, file)).toEqual([one, two])
  writeFileSync(join(project, file), 'one\ntwo\nthree\n')
  expect(await blameOf(own, file, 3)).toEqual([{ sha: undefined, line: 3, original: 3, file, text: 'three' }])
  expect(await blameOf(own, file, 99)).toBeUndefined()
  expect(await blameOf(own, 'nowhere.txt', 1)).toBeUndefined()
})
