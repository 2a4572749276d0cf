// Which conversation made a commit: real repositories with our hook in them, conversations as Claude Code leaves them
// behind, and the compiled daemon between them.

import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { type CommitStage, openCommitStage } from '../support/commits.ts'
import { put } from '../support/git.ts'

let at: CommitStage
beforeEach(() => {
  at = openCommitStage()
})
afterEach(() => at[Symbol.dispose]())

const promptsIn = (project: string): string[] => {
  const folder = join(project, '.prompts/prompts')
  return existsSync(folder) ? readdirSync(folder).toSorted() : []
}

describe('the link', () => {
  test('is exact for the session whose tool ran git, and told on both channels', async () => {
    await using _ = await at.start()
    const project = await at.repository()
    await at.paid(project, 'hooks', 'install', '--git')
    const talk = at.talk(project)
    talk.ask('Please greet the world')
    talk.use('Write', { file_path: join(project, 'a.txt'), content: 'hello world\n' })
    await talk.hook('PostToolUse')
    const { sha } = await at.commit(project, 'a.txt', 'hello world\n', { CLAUDE_CODE_SESSION_ID: talk.id })
    talk.answer('Greeted.')

    const [origin] = (await at.origins(project, 'HEAD')).origins
    expect(origin).toMatchObject({
      commit: { sha },
      link: 'exact',
      conversations: [
        { session: talk.id, prompt: { text: 'Please greet the world' }, message: { tool: 'Write' } },
      ],
    })
    expect(await at.events('commit.made')).toMatchObject([
      { channel: `repo:${project}`, data: { sha, folder: project, session: talk.id }, by: 'hook:git' },
    ])
    const told = { sha, subject: 'change a.txt', link: 'exact' }
    expect(await at.until('commit.linked', 2)).toMatchObject([
      { channel: `repo:${project}`, data: { ...told, files: 1, sessions: [talk.id] } },
      { channel: `session:${talk.id}`, data: { ...told, repository: `repo:${project}` } },
    ])
    expect(await at.paid(project, 'prompts', 'for', 'HEAD')).toContain('exact: it made the commit')
  })

  test('is by files for sessions that changed them since each was last committed, else by time, else none', async () => {
    await using _ = await at.start()
    const project = await at.repository()
    await at.paid(project, 'hooks', 'install', '--git')
    const alone = await at.commit(project, 'old.txt', 'old\n')
    const first = at.talk(project)
    first.ask('change a and b')
    first.use('Write', { file_path: join(project, 'a.txt'), content: 'a\n' })
    first.use('Edit', { file_path: join(project, 'b.txt'), old_string: '', new_string: 'b\n' })
    await first.hook('Stop')
    put(join(project, 'b.txt'), 'b\n')
    put(join(project, 'a.txt'), 'a\n')
    await at.git(project, 'add', 'a.txt')
    await at.git(project, 'commit', '-qm', 'a')
    const second = at.talk(project)
    second.ask('now c')
    second.use('Write', { file_path: join(project, 'c.txt'), content: 'c\n' })
    await second.hook('Stop')
    // its b is older than the commit of a, and still not committed
    await at.git(project, 'add', 'b.txt')
    await at.git(project, 'commit', '-qm', 'b')
    await at.commit(project, 'c.txt', 'c\n')
    const nearby = await at.commit(project, 'd.txt', 'by hand\n')

    const linkOf = async (target: string) => {
      const [origin] = (await at.origins(project, target)).origins
      return [origin?.link, origin?.conversations.map(({ session }) => session)]
    }
    expect(await linkOf(alone.sha)).toEqual(['none', []])
    expect(await linkOf('HEAD~3')).toEqual(['files', [first.id]])
    expect(await linkOf('HEAD~2')).toEqual(['files', [first.id]])
    expect(await linkOf('HEAD~1')).toEqual(['files', [second.id]])
    expect(await linkOf(nearby.sha)).toEqual(['none', []])
    second.ask('and what else?')
    await second.hook('UserPromptSubmit')
    const later = await at.commit(project, 'e.txt', 'by hand too\n')
    expect(await linkOf(later.sha)).toEqual(['time', [second.id]])
  })

  test('is found through links, from subfolders and in other working trees', async () => {
    await using _ = await at.start()
    const project = await at.repository()
    await at.paid(project, 'hooks', 'install', '--git')
    symlinkSync(project, join(at.root, 'link'))
    const tree = join(at.root, 'tree')
    await at.git(project, 'worktree', 'add', '-q', tree, '-b', 'side')
    mkdirSync(join(tree, 'deep'))
    const linked = at.talk(join(at.root, 'link'))
    linked.ask('through a link')
    linked.use('Write', { file_path: join(at.root, 'link/a.txt'), content: 'a\n' })
    await linked.hook('Stop')
    const treed = at.talk(join(tree, 'deep'))
    treed.ask('in a worktree')
    treed.use('Write', { file_path: join(tree, 'deep/b.txt'), content: 'b\n' })
    await treed.hook('Stop')
    await at.commit(project, 'a.txt', 'a\n')
    await at.commit(join(tree, 'deep'), 'b.txt', 'b\n')
    expect(await at.origins(project, 'HEAD')).toMatchObject({
      origins: [{ link: 'files', conversations: [{ session: linked.id }] }],
    })
    for (const place of ['HEAD', 'b.txt:1', 'b.txt'])
      expect(await at.origins(join(tree, 'deep'), place)).toMatchObject({
        origins: [{ link: 'files', conversations: [{ session: treed.id }] }],
      })
  })

  test('of a commit that was applied again is that of the first, and nothing is written for it', async () => {
    await using _ = await at.start()
    const project = await at.repository()
    await at.paid(project, 'hooks', 'install', '--git')
    await at.git(project, 'checkout', '-q', '-b', 'side')
    const talk = at.talk(project)
    talk.ask('write a')
    talk.use('Write', { file_path: join(project, 'a.txt'), content: 'a\n' })
    await talk.hook('Stop')
    put(join(project, '.git/info/exclude'), '.prompts\n')
    const { sha } = await at.commit(project, 'a.txt', 'a\n', { CLAUDE_CODE_SESSION_ID: talk.id })
    await at.until('capture.saved', 1)
    await at.git(project, 'checkout', '-q', 'main')
    await at.commit(project, 'b.txt', 'b\n')
    await at.git(project, 'cherry-pick', sha)
    expect(await at.origins(project, 'HEAD')).toMatchObject({
      origins: [{ link: 'exact', conversations: [{ session: talk.id }] }],
    })
    expect(await at.events('capture.saved')).toHaveLength(1)
  })
})

describe('a line', () => {
  test('leads to the very message that wrote it, a bare bracket by its neighbours', async () => {
    await using _ = await at.start()
    const project = await at.repository()
    await at.paid(project, 'hooks', 'install', '--git')
    const file = join(project, 'a.js')
    const one = 'function one() {\n  return 1\n}\n'
    const two = 'function two() {\n  return 2\n}\n'
    const talk = at.talk(project)
    talk.ask('write one')
    talk.use('Write', { file_path: file, content: one })
    talk.answer('One is there.')
    talk.ask('and two')
    talk.use('Edit', { file_path: file, old_string: '}\n', new_string: `}\n${two}` })
    talk.answer('Two as well.')
    await talk.hook('Stop')
    await at.commit(project, 'a.js', one + two, { CLAUDE_CODE_SESSION_ID: talk.id })
    const behind = async (line: number) => {
      const [origin] = (await at.origins(project, `a.js:${line}`)).origins
      const [made] = origin?.conversations ?? []
      return [made?.message?.tool, made?.prompt?.text, made?.answer?.text]
    }
    expect(await behind(2)).toEqual(['Write', 'write one', 'One is there.'])
    for (const line of [5, 6]) expect(await behind(line)).toEqual(['Edit', 'and two', 'Two as well.'])
    expect(await at.paid(project, 'prompts', 'for', 'a.js:5')).toContain('and two')
  })

  test('that is not committed yet is known too; one by hand, and what git does not know, is said so', async () => {
    await using daemon = await at.start()
    const project = await at.repository()
    const talk = at.talk(project)
    talk.ask('begin a list')
    talk.use('Write', { file_path: join(project, 'list.md'), content: '- from the machine\n' })
    await talk.hook('Stop')
    await at.commit(project, 'list.md', '# by hand\n')
    put(join(project, 'list.md'), '# by hand\n- from the machine\n')
    expect(await at.origins(project, 'list.md:2')).toMatchObject({
      text: '- from the machine',
      origins: [{ link: 'files', conversations: [{ session: talk.id, prompt: { text: 'begin a list' } }] }],
    })
    put(join(project, 'unknown.md'), 'x\n')
    for (const target of ['list.md:9', 'unknown.md', 'nowhere', '--all']) {
      const { code, stderr } = await daemon.run(['prompts', 'for', '--', target], { cwd: project })
      expect({ target, code, stderr: stderr.split('\n')[0] }).toMatchObject({ target, code: 1 })
    }
  })
})

describe('what is written', () => {
  const secret = `ghp_${'aB3dE6gH9jK2mN5pQ8sT1vW4xY7z0c'.padEnd(36, 'R')}`

  const talkAndCommit = async (project: string, more: Record<string, string> = {}) => {
    const talk = at.talk(project)
    talk.ask(`Fix bug 123 with ${secret}`)
    talk.use('Write', { file_path: join(project, 'a.txt'), content: 'a\n' })
    talk.answer(`Used ${secret}.`)
    await talk.hook('Stop')
    const { sha } = await at.commit(project, 'a.txt', `${talk.id}\n`, {
      CLAUDE_CODE_SESSION_ID: talk.id,
      ...more,
    })
    return { talk, sha }
  }

  test('is the conversation with the commit in it and no secret, where the hook was installed', async () => {
    await using _ = await at.start()
    const project = await at.repository()
    await at.paid(project, 'hooks', 'install', '--git')
    const { talk, sha } = await talkAndCommit(project)
    await at.until('capture.saved', 1)
    expect(promptsIn(project)).toEqual(['fix-bug-123.yaml'])
    const text = readFileSync(join(project, '.prompts/prompts/fix-bug-123.yaml'), 'utf8')
    expect(text).not.toContain(secret.slice(0, 12))
    expect(load(text)).toMatchObject({
      description: 'Fix bug 123 with [redacted:github-token]',
      commitMessage: 'Auto-captured from claude-code (2 messages)',
      metadata: { tool: 'claude-code', sessionId: talk.id, gitCommit: sha, filesModified: ['a.txt'] },
    })
    expect(await at.git(project, 'log', '-1', '--format=%H %s')).toBe(`${sha} change a.txt`)
  })

  test('is as configured: never, always, or where the folder is', async () => {
    const project = await at.repository()
    await at.paid(at.root, 'hooks', 'install', '--git', '--global')
    const wrote = async (capture: object, written: number): Promise<number> => {
      await using _ = await at.start({ config: { capture } })
      const before = (await at.events('commit.linked')).length
      await talkAndCommit(project)
      await at.until('commit.linked', before + 2)
      if (written > 0) await at.until('capture.saved', written)
      return promptsIn(project).length
    }
    expect(await wrote({ writePrompts: 'never' }, 0)).toBe(0)
    expect(await wrote({}, 0)).toBe(0)
    expect(await wrote({ writePrompts: 'always' }, 1)).toBe(1)
    expect(await wrote({}, 2)).toBe(2)
  })

  test('is a note as well when that is wanted, added to what is there; the commit stays what it is', async () => {
    await using _ = await at.start({ config: { capture: { gitNotes: true, writePrompts: 'never' } } })
    const project = await at.repository()
    await at.paid(project, 'hooks', 'install', '--git')
    const { talk, sha } = await talkAndCommit(project)
    const note = async () => (await at.run(project, ['notes', '--ref=paid', 'show', sha])).stdout
    for (let look = 0; look < 400 && (await note()) === ''; look++) await Bun.sleep(50)
    expect(await note()).toBe(`Conversation: ${talk.id} (exact)`)
    expect(await at.git(project, 'rev-parse', 'HEAD')).toBe(sha)
  })

  test('a folder that is not ours to write to is told, and the rest is done', async () => {
    await using _ = await at.start()
    const project = await at.repository()
    await at.paid(project, 'hooks', 'install', '--git')
    symlinkSync('/tmp', join(project, '.prompts'))
    await talkAndCommit(project)
    expect(await at.until('commit.unsaved', 1)).toMatchObject([{ channel: `repo:${project}` }])
    expect(await at.origins(project, 'HEAD')).toMatchObject({ origins: [{ link: 'exact' }] })
  })
})

describe('without a daemon', () => {
  test('commits wait in the spool, and are linked when it is there, each once', async () => {
    const project = await at.repository()
    await at.paid(project, 'hooks', 'install', '--git')
    const talk = at.talk(project)
    talk.ask('write it')
    talk.use('Write', { file_path: join(project, 'a.txt'), content: 'a\n' })
    await talk.hook('PostToolUse')
    const exact = await at.commit(project, 'a.txt', 'a\n', { CLAUDE_CODE_SESSION_ID: talk.id })
    talk.use('Edit', { file_path: join(project, 'a.txt'), old_string: 'a', new_string: 'b' })
    await talk.hook('Stop')
    const byFiles = await at.commit(project, 'a.txt', 'b\n')
    await using _ = await at.start()
    await at.until('commit.linked', 4)
    expect((await at.events('commit.made')).map(({ data }) => data)).toMatchObject([
      { sha: exact.sha },
      { sha: byFiles.sha },
    ])
    expect(await at.origins(project, 'HEAD~1')).toMatchObject({ origins: [{ link: 'exact' }] })
    expect(await at.origins(project, 'HEAD')).toMatchObject({
      origins: [{ link: 'files', conversations: [{ session: talk.id }] }],
    })
  })
})
