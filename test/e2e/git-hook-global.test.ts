// `paid hooks install --git --global`: one `post-commit` for every repository, whose own hooks still run.

import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { put, tracesIn } from '../support/git.ts'
import { type HookStage, openHookStage } from '../support/git-hook.ts'

let at: HookStage
beforeEach(() => {
  at = openHookStage()
})
afterEach(() => at[Symbol.dispose]())

test('is heard in every repository, each of whose own hooks still run', async () => {
  const project = await at.repository()
  const tree = join(at.root, 'tree')
  await at.git(project, 'worktree', 'add', '-q', tree, '-b', 'side')
  put(join(project, '.git/hooks/pre-commit'), '#!/bin/sh\necho "pre $PWD" >&2\n', 0o755)
  put(join(project, '.git/hooks/post-commit'), '#!/bin/sh\necho "post" >&2\nexit 9\n', 0o755)
  put(join(project, '.git/hooks/commit-msg'), '#!/bin/sh\ngrep -q change "$1"\n', 0o755)
  await at.install(at.root, '--global')
  const other = await at.repository('other')
  at.heard()
  const first = await at.commit(project, 'a.txt', 'a\n')
  const second = await at.commit(tree, 'b.txt', 'b\n')
  const third = await at.commit(other, 'c.txt', 'c\n')
  expect([first, second, third].map(({ stderr }) => stderr)).toEqual([
    `pre ${project}\npost\n`,
    `pre ${tree}\npost\n`,
    '',
  ])
  expect(at.heard()).toMatchObject([first, second, third].map(({ sha }) => ({ sha, installed: 'global' })))
  const refused = await at.run(project, ['commit', '-q', '--allow-empty', '-m', 'nothing'])
  expect(refused.code).toBe(1)
})

test('where a repository has it too, a commit is told once, as its own', async () => {
  const project = await at.repository()
  await at.install(project)
  await at.install(at.root, '--global')
  const { sha } = await at.commit(project, 'a.txt', 'a\n')
  expect(at.heard()).toMatchObject([{ sha, installed: 'repository' }])
})

test('leaves no trace, with and without a configuration before it', async () => {
  const config = join(at.home, '.gitconfig')
  for (const text of [undefined, '[user]\n\tname = Ann # me\n', '[core]\n\teditor = vi\n']) {
    rmSync(config, { force: true })
    if (text !== undefined) put(config, text)
    await at.install(at.root, '--global')
    await at.uninstall(at.root, '--global')
    expect(existsSync(config) ? readFileSync(config, 'utf8') : undefined).toBe(text)
    expect(existsSync(join(at.home, 'git-hooks'))).toBe(false)
  }
})

test('goes into the folder that the user has set already', async () => {
  const project = await at.repository()
  const folder = join(at.root, 'mine')
  put(join(folder, 'post-commit'), '#!/bin/sh\necho mine >&2\n', 0o755)
  await at.git(project, 'config', '--global', 'core.hooksPath', folder)
  const before = tracesIn(folder)
  await at.install(at.root, '--global')
  expect((await at.commit(project, 'a.txt', 'a\n')).stderr).toBe('mine\n')
  expect(at.heard()).toMatchObject([{ installed: 'global' }])
  await at.uninstall(at.root, '--global')
  expect(tracesIn(folder)).toEqual(before)
  expect(await at.git(project, 'config', '--global', 'core.hooksPath')).toBe(folder)
})
