// The real Claude Code edits a file and commits it, in repositories of every shape, talking with the stand-in of its
// API: `paid prompts for` shows that conversation, and that it was this one. Nothing but our two installations is asked
// of the user.

import { afterAll, beforeEach, afterEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { claudeAvailable, claudeMissing, openClaudeHome, runClaude } from '../support/claude.ts'
import { found } from '../support/commits.ts'
import { environmentOf, runPaid, startDaemon, type TestDaemon } from '../support/daemon.ts'
import { put } from '../support/git.ts'
import { openMessagesApi } from '../support/messages-api.ts'

const api = openMessagesApi()
afterAll(() => api[Symbol.asyncDispose]())

const openStage = async () => {
  const where = openClaudeHome(api)
  const home = join(where.home, '.paid')
  mkdirSync(home, { mode: 0o700 })
  const env = environmentOf(home, { HOME: where.home })
  const paid = async (cwd: string, ...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runPaid(words, { env, cwd })
    if (code !== 0) throw new Error(`paid ${words.join(' ')}: exit ${code}, ${stderr}`)
    return stdout
  }
  const git = async (cwd: string, ...words: string[]): Promise<string> => {
    const child = Bun.spawn(['git', '-c', 'user.name=Ann', '-c', 'user.email=ann@example.com', ...words], {
      cwd,
      env: where.env,
      stderr: 'pipe',
    })
    const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
    if (code !== 0) throw new Error(`git ${words.join(' ')}: ${stderr}`)
    return stdout.trim()
  }
  const { project } = where
  await git(project, 'init', '-q', '-b', 'main')
  await git(project, 'config', 'user.name', 'Ann')
  await git(project, 'config', 'user.email', 'ann@example.com')
  put(join(project, 'greeting.txt'), 'hello\n')
  await git(project, 'add', '-A')
  await git(project, 'commit', '-qm', 'begin')
  await paid(project, 'hooks', 'install')
  return {
    where,
    home,
    env,
    project,
    paid,
    git,
    start: () => startDaemon({ home, env: { HOME: where.home } }),
  }
}
type Stage = Awaited<ReturnType<typeof openStage>>

const settings = ['--allowedTools', 'Bash,Edit,Write,Read', '--permission-mode', 'acceptEdits']

/** One session in `cwd` that reads a file, edits it, and commits. */
const editAndCommit = async (stage: Stage, cwd: string, file: string, ...more: string[]) => {
  const tool = (name: string, input: object) => `::tool ${name} ${JSON.stringify(input)}`
  const prompt = [
    'Greet the whole world and commit it',
    tool('Read', { file_path: file }),
    tool('Edit', { file_path: file, old_string: 'hello', new_string: 'hello world' }),
    tool('Bash', { command: 'git commit -qam "greet the world"', description: 'commit' }),
    ...more,
    '::say The world is greeted.',
  ].join('\n')
  const ran = await runClaude({ ...stage.where, project: cwd }, prompt, { args: settings })
  expect({ exitCode: ran.exitCode, stderr: ran.stderr }).toMatchObject({ exitCode: 0 })
  expect(readFileSync(file, 'utf8')).toBe('hello world\n')
}

const behind = async (stage: Stage, cwd: string, target: string) =>
  found.parse(JSON.parse(await stage.paid(cwd, 'prompts', 'for', target, '--json')))

const greeted = (sha: string) => ({
  origins: [
    {
      commit: { sha },
      link: 'exact',
      conversations: [
        {
          tool: 'claude-code',
          message: { tool: 'Edit', text: expect.stringContaining('hello world') },
          prompt: { text: expect.stringContaining('Greet the whole world') },
          answer: { text: 'The world is greeted.' },
        },
      ],
    },
  ],
})

/** The conversation is found behind the commit and behind the line, and so it says. */
const expectGreeted = async (stage: Stage, cwd: string, file: string): Promise<void> => {
  const sha = await stage.git(cwd, 'rev-parse', 'HEAD')
  expect(await stage.git(cwd, 'log', '-1', '--format=%s')).toBe('greet the world')
  expect(await behind(stage, cwd, 'HEAD')).toMatchObject(greeted(sha))
  expect(await behind(stage, cwd, `${file}:1`)).toMatchObject(greeted(sha))
  const said = await stage.paid(cwd, 'prompts', 'for', 'HEAD')
  expect(said).toContain('exact')
  expect(said).toContain('Greet the whole world')
}

/** Waits until what was said is written into the repository. */
const saved = async (stage: Stage): Promise<void> => {
  const query = JSON.stringify({ type: 'capture.saved', limit: 1 })
  for (const end = performance.now() + 20_000; performance.now() < end; await Bun.sleep(50))
    if ((await stage.paid(stage.project, 'call', 'event.list', query)).includes('capture.saved')) return
  throw new Error('nothing was saved')
}

const suite = claudeAvailable ? describe : describe.skip
suite(`Claude Code commits${claudeAvailable ? '' : ` (skipped: ${claudeMissing})`}`, () => {
  let stage: Stage
  let daemon: TestDaemon
  beforeEach(async () => {
    stage = await openStage()
    daemon = await stage.start()
  })
  afterEach(async () => {
    await daemon.stop()
    stage.where[Symbol.dispose]()
  })

  const previous =
    '#!/bin/sh\necho "previous hook of $(basename "$0")" >> "$(git rev-parse --git-common-dir)/ran"\n'
  const ran = (): string => readFileSync(join(stage.project, '.git/ran'), 'utf8')

  test('in a repository with a post-commit of its own, and what was said lies in .prompts', async () => {
    const { project } = stage
    put(join(project, '.git/hooks/post-commit'), previous, 0o755)
    await stage.paid(project, 'hooks', 'install', '--git')
    await editAndCommit(stage, project, join(project, 'greeting.txt'))
    await expectGreeted(stage, project, 'greeting.txt')
    expect(ran()).toBe('previous hook of post-commit\n')
    await saved(stage)
    const prompts = join(project, '.prompts/prompts')
    expect(readdirSync(prompts)).toEqual(['greet-the-whole.yaml'])
    const text = readFileSync(join(prompts, 'greet-the-whole.yaml'), 'utf8')
    expect(text).toContain(`gitCommit: ${await stage.git(project, 'rev-parse', 'HEAD')}`)
    expect(text).toContain('filesModified:\n    - greeting.txt\n')
  }, 60_000)

  test('from a worktree', async () => {
    const { project } = stage
    const tree = join(stage.where.home, 'tree')
    await stage.git(project, 'worktree', 'add', '-q', tree, '-b', 'side')
    await stage.paid(project, 'hooks', 'install', '--git')
    await editAndCommit(stage, tree, join(tree, 'greeting.txt'))
    await expectGreeted(stage, tree, 'greeting.txt')
    await saved(stage)
    expect(existsSync(join(tree, '.prompts'))).toBe(true)
    expect(existsSync(join(project, '.prompts'))).toBe(false)
  }, 60_000)

  test('from a subfolder', async () => {
    const inside = join(stage.project, 'deep/er')
    put(join(inside, 'greeting.txt'), 'hello\n')
    await stage.git(stage.project, 'add', '-A')
    await stage.git(stage.project, 'commit', '-qm', 'deeper')
    await stage.paid(inside, 'hooks', 'install', '--git')
    await editAndCommit(stage, inside, join(inside, 'greeting.txt'))
    await expectGreeted(stage, inside, 'greeting.txt')
    await expectGreeted(stage, stage.project, 'deep/er/greeting.txt')
  }, 60_000)

  test('with husky', async () => {
    const { project } = stage
    put(join(project, '.husky/_/post-commit'), '#!/usr/bin/env sh\n. "$(dirname "$0")/h"', 0o755)
    put(
      join(project, '.husky/_/h'),
      '#!/usr/bin/env sh\nn=$(basename "$0")\ns=$(dirname "$(dirname "$0")")/$n\n[ ! -f "$s" ] && exit 0\nsh -e "$s" "$@"\n',
    )
    put(join(project, '.husky/_/.gitignore'), '*')
    put(join(project, '.husky/post-commit'), previous.split('\n').slice(1).join('\n'))
    await stage.git(project, 'config', 'core.hooksPath', '.husky/_')
    await stage.paid(project, 'hooks', 'install', '--git')
    await editAndCommit(stage, project, join(project, 'greeting.txt'))
    await expectGreeted(stage, project, 'greeting.txt')
    expect(ran()).toBe('previous hook of post-commit\n')
  }, 60_000)

  test('while no daemon runs, and with hooks for all repositories', async () => {
    const { project } = stage
    await stage.paid(project, 'hooks', 'install', '--git', '--global')
    await daemon.stop()
    await editAndCommit(stage, project, join(project, 'greeting.txt'))
    daemon = await stage.start()
    for (let look = 0; look < 100 && readdirSync(join(stage.home, 'spool')).length > 0; look++)
      await Bun.sleep(100)
    await expectGreeted(stage, project, 'greeting.txt')
    expect(existsSync(join(project, '.prompts'))).toBe(false)
  }, 60_000)
})
