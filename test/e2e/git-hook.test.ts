// git's `post-commit`, as `paid hooks install --git` puts it: real repositories in every shape, the compiled binary, and
// no daemon, so that what a commit told is read from the spool.

import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { runPaid } from '../support/daemon.ts'
import { put, tracesIn } from '../support/git.ts'
import { type HookStage, openHookStage } from '../support/git-hook.ts'

let at: HookStage
beforeEach(() => {
  at = openHookStage()
})
afterEach(() => at[Symbol.dispose]())

const silent = { code: 0, stdout: '', stderr: '' }

describe('a commit is told once, with nothing printed,', () => {
  test('in a plain repository, with the session that made it', async () => {
    const project = await at.repository()
    await at.install(project)
    const { sha, ...said } = await at.commit(project, 'a.txt', 'a\n', { CLAUDE_CODE_SESSION_ID: 's-1' })
    expect(said).toEqual(silent)
    expect(at.heard()).toMatchObject([
      {
        path: '/hooks/git',
        sha,
        folder: project,
        commonDir: join(project, '.git'),
        installed: 'repository',
        session: 's-1',
      },
    ])
  })

  test('from a subfolder, on a detached HEAD, and where the branch has a slash', async () => {
    const project = await at.repository()
    mkdirSync(join(project, 'deep/er'), { recursive: true })
    await at.install(join(project, 'deep'))
    const inside = await at.commit(join(project, 'deep/er'), 'a.txt', 'a\n')
    await at.git(project, 'checkout', '-q', '--detach')
    const detached = await at.commit(project, 'b.txt', 'b\n')
    await at.git(project, 'checkout', '-q', '-b', 'feature/x')
    const branched = await at.commit(project, 'c.txt', 'c\n')
    expect(at.heard()).toMatchObject(
      [inside, detached, branched].map(({ sha }) => ({ sha, folder: project })),
    )
  })

  test('in a worktree, whichever of them it was installed in', async () => {
    const project = await at.repository()
    const tree = join(at.root, 'tree')
    await at.git(project, 'worktree', 'add', '-q', tree, '-b', 'side')
    await at.install(tree)
    const first = await at.commit(tree, 'a.txt', 'a\n')
    const second = await at.commit(project, 'b.txt', 'b\n')
    const commonDir = join(project, '.git')
    expect(at.heard()).toMatchObject([
      { sha: first.sha, folder: tree, commonDir },
      { sha: second.sha, folder: project, commonDir },
    ])
  })

  test('in a submodule, and not in what is around it', async () => {
    await at.repository('inner')
    const outer = await at.repository('outer')
    await at.git(outer, 'submodule', 'add', '-q', '../inner', 'sub')
    const inner = join(outer, 'sub')
    await at.git(inner, 'config', 'user.email', 'ann@example.com')
    await at.git(inner, 'config', 'user.name', 'Ann')
    await at.install(inner)
    const { sha } = await at.commit(inner, 'a.txt', 'a\n')
    await at.commit(outer, 'b.txt', 'b\n')
    expect(at.heard()).toMatchObject([{ sha, folder: inner, commonDir: join(outer, '.git/modules/sub') }])
  })

  test('where references are packed or have no file, git is asked', async () => {
    const project = await at.repository()
    await at.install(project)
    await at.git(project, 'pack-refs', '--all')
    const { code } = await runPaid(['hook', 'git'], { cwd: project, env: at.env })
    expect(code).toBe(0)
    expect(at.heard()).toMatchObject([{ sha: await at.git(project, 'rev-parse', 'HEAD') }])
  })

  test('each of many in quick succession, and one that is amended as another', async () => {
    const project = await at.repository()
    await at.install(project)
    const made: string[] = []
    for (let n = 0; n < 8; n++) made.push((await at.commit(project, 'a.txt', `${n}\n`)).sha)
    await at.git(project, 'commit', '-q', '--amend', '-m', 'other words')
    made.push(await at.git(project, 'rev-parse', 'HEAD'))
    const entries = at.heard()
    expect(entries.map(({ sha }) => sha)).toEqual(made)
    expect(new Set(entries.map(({ key }) => key)).size).toBe(made.length)
  })

  test('of a rebase and a cherry-pick with the commit it is a copy of', async () => {
    const project = await at.repository()
    await at.install(project)
    await at.git(project, 'checkout', '-q', '-b', 'side')
    const { sha } = await at.commit(project, 'a.txt', 'a\n')
    await at.git(project, 'checkout', '-q', 'main')
    await at.commit(project, 'b.txt', 'b\n')
    at.heard()
    await at.git(project, 'cherry-pick', sha)
    const picked = await at.git(project, 'rev-parse', 'HEAD')
    expect(at.heard()).toMatchObject([{ sha: picked, copyOf: sha }])
    await at.commit(project, 'c.txt', 'c\n')
    at.heard()
    await at.git(project, 'rebase', '-q', '--reapply-cherry-picks', '--empty=keep', 'main', 'side')
    expect(at.heard().every(({ copyOf }) => copyOf === sha)).toBe(true)
  })

  test('in folders and on branches with hostile names', async () => {
    const name = `a "b" $(touch x) 'c' ; é\n*`
    const project = await at.repository(name)
    await at.install(project)
    await at.git(project, 'checkout', '-q', '-b', `x$(touch\u00a0y)'"`)
    const { sha, ...said } = await at.commit(project, '$(touch z)\n.txt', 'a\n')
    expect(said).toEqual(silent)
    expect(at.heard()).toMatchObject([{ sha, folder: join(at.root, name) }])
    expect(readdirSync(project).filter((each) => /^[xyz]$/.test(each))).toEqual([])
  })

  test('never where the home is not ours or the program is gone, and the commit does not mind', async () => {
    const project = await at.repository()
    await at.install(project)
    const script = join(project, '.git/hooks/post-commit')
    expect(await at.commit(project, 'a.txt', 'a\n', { PAID_HOME: '/' })).toMatchObject(silent)
    put(script, readFileSync(script, 'utf8').replace(/^tells=.*/m, 'tells=/nowhere/paid'))
    expect(await at.commit(project, 'b.txt', 'b\n')).toMatchObject(silent)
    expect(at.heard()).toEqual([])
  })
})

describe('a hook that was there', () => {
  /** Prints how it was called; sh and bash read it in place of themselves, others are run from where it is kept. */
  const hooks = {
    sh: '#!/bin/sh\necho "hook $(basename "$0") in $(dirname "$0"): $PWD" >&2\nexit 7\n',
    'env bash':
      '#!/usr/bin/env bash\nset -e\n[[ $0 == */post-commit ]] && echo "hook $(basename "$0") in $(dirname "$0"): $PWD" >&2\nexit 7\n',
  }

  test.each(Object.entries(hooks))(
    'runs first under its own name, with its output and its exit code: %s',
    async (_, text) => {
      const project = await at.repository()
      const path = join(project, '.git/hooks/post-commit')
      put(path, text, 0o755)
      const before = tracesIn(join(project, '.git/hooks'))
      const { stderr: plain } = await at.commit(project, 'a.txt', 'a\n')
      expect(await at.install(project)).toContain('runs first')
      const { sha, stderr, code } = await at.commit(project, 'b.txt', 'b\n')
      expect({ stderr, code }).toEqual({ stderr: plain, code: 0 })
      expect(plain).toContain('hook post-commit in .git/hooks')
      expect(at.heard()).toMatchObject([{ sha }])
      expect(Bun.spawnSync([path], { cwd: project, env: at.env }).exitCode).toBe(7)
      await at.uninstall(project)
      expect(tracesIn(join(project, '.git/hooks'))).toEqual(before)
    },
  )

  test('may be any program, a link, or one that git passes over', async () => {
    const project = await at.repository()
    const path = join(project, '.git/hooks/post-commit')
    put(path, '#!/usr/bin/env perl\nprint STDERR "perl\\n"; exit 3;\n', 0o755)
    await at.install(project)
    expect((await at.commit(project, 'a.txt', 'a\n')).stderr).toBe('perl\n')
    await at.uninstall(project)

    rmSync(path)
    put(join(project, 'tools/hook'), '#!/bin/sh\necho "linked $(readlink "$0")" >&2\n', 0o755)
    symlinkSync('../../tools/hook', path)
    await at.install(project)
    expect((await at.commit(project, 'b.txt', 'b\n')).stderr).toBe('linked ../../tools/hook\n')
    await at.uninstall(project)
    expect(readFileSync(path, 'utf8')).toContain('linked')

    rmSync(path)
    put(path, '#!/bin/sh\necho never >&2\n', 0o644)
    await at.install(project)
    expect((await at.commit(project, 'c.txt', 'c\n')).stderr).toBe('')
    expect(at.heard()).toHaveLength(3)
  })

  test('is not lost when another program writes its own meanwhile', async () => {
    const project = await at.repository()
    const path = join(project, '.git/hooks/post-commit')
    put(path, hooks.sh, 0o755)
    await at.install(project)
    put(path, '#!/bin/sh\necho other\n', 0o755)
    const { code, stderr } = await at.paid(project, 'hooks', 'install', '--git')
    expect(code).not.toBe(0)
    expect(stderr).toContain('post-commit.before-paid')
    expect(readFileSync(path, 'utf8')).toContain('other')
    expect(readFileSync(`${path}.before-paid`, 'utf8')).toBe(hooks.sh)
  })
})

describe('hooks that live elsewhere', () => {
  test('core.hooksPath is respected, absolute and relative, and a missing folder is made and goes again', async () => {
    const project = await at.repository()
    const elsewhere = join(at.root, 'elsewhere')
    const before = tracesIn(at.root, /^p\/\.git\/(?!hooks)|^h/)
    for (const path of [elsewhere, '.githooks']) {
      await at.git(project, 'config', 'core.hooksPath', path)
      await at.install(project)
      expect(existsSync(join(project, '.git/hooks/post-commit'))).toBe(false)
      const { stderr } = await at.run(project, ['commit', '-q', '--allow-empty', '-m', path])
      expect(stderr).toBe('')
      expect(at.heard()).toHaveLength(1)
      await at.uninstall(project)
      expect(tracesIn(at.root, /^p\/\.git\/(?!hooks)|^h/)).toEqual(before)
    }
  })

  const husky9 = (project: string): void => {
    for (const name of ['pre-commit', 'post-commit'])
      put(join(project, '.husky/_', name), '#!/usr/bin/env sh\n. "$(dirname "$0")/h"', 0o755)
    const runner =
      '#!/usr/bin/env sh\nn=$(basename "$0")\ns=$(dirname "$(dirname "$0")")/$n\n[ ! -f "$s" ] && exit 0\nsh -e "$s" "$@"\nc=$?\n[ $c != 0 ] && echo "husky - $n script failed (code $c)"\nexit $c\n'
    put(join(project, '.husky/_/h'), runner)
    put(join(project, '.husky/_/.gitignore'), '*')
  }

  test('husky: its own post-commit still runs, git sees no change, and after husky was set up again it goes in again', async () => {
    const project = await at.repository()
    husky9(project)
    put(join(project, '.husky/post-commit'), 'echo "husky ran" >&2\n')
    await at.git(project, 'config', 'core.hooksPath', '.husky/_')
    expect((await at.commit(project, 'a.txt', 'a\n')).stderr).toBe('husky ran\n')
    const before = tracesIn(join(project, '.husky'))
    await at.install(project)
    expect(await at.git(project, 'status', '--porcelain')).toBe('')
    const first = await at.commit(project, 'b.txt', 'b\n')
    expect(first.stderr).toBe('husky ran\n')
    husky9(project)
    await at.install(project)
    const second = await at.commit(project, 'c.txt', 'c\n')
    expect(at.heard()).toMatchObject([{ sha: first.sha }, { sha: second.sha }])
    await at.uninstall(project)
    expect(Object.keys(tracesIn(join(project, '.husky')))).toEqual(Object.keys(before))
    expect((await at.commit(project, 'd.txt', 'd\n')).stderr).toBe('husky ran\n')
  })

  test('a folder that git keeps is warned about', async () => {
    const project = await at.repository()
    put(join(project, '.husky/pre-commit'), '')
    await at.git(project, 'config', 'core.hooksPath', '.husky')
    const { stderr } = await at.paid(project, 'hooks', 'install', '--git')
    expect(stderr).toContain('git keeps this folder')
  })
})

test('installing twice changes nothing, --print writes nothing, and status tells', async () => {
  const project = await at.repository()
  const status = async () => (await at.paid(project, 'hooks', 'status')).stdout
  expect(await status()).toContain('not installed: ')
  const printed = await at.paid(project, 'hooks', 'install', '--git', '--print')
  expect(printed.stdout).toStartWith('#!/bin/sh\n')
  expect(existsSync(join(project, '.git/hooks/post-commit'))).toBe(false)
  expect(await at.install(project)).toStartWith('Installed')
  expect(readFileSync(join(project, '.git/hooks/post-commit'), 'utf8')).toBe(printed.stdout)
  const before = tracesIn(join(project, '.git/hooks'))
  expect(await at.install(project)).toStartWith('Already installed')
  expect(tracesIn(join(project, '.git/hooks'))).toEqual(before)
  expect(await status()).toContain('installed: runs')
  expect((await at.paid(project, 'doctor')).stdout).toContain('tells which commits are made')
  const { code, stderr } = await at.paid(at.root, 'hooks', 'install', '--git')
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('no working tree') })
})
