// The numbered cases of what the capture daemon writes: a conversation as files of its own repository, once for each save.

import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { openCaptureLine, openCaptureStage, playCapture, promptsIn } from '../support/capture.ts'

const success = '{"success":true}'
const commitSha = '0123456789abcdef0123456789abcdef01234567'
const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

describe('G13 to G18: a saved session', () => {
  test('G13: three files as they always were, and it is no longer active', async () => {
    await using at = await playCapture()
    const metadata = { cwd: at.project, repoPath: at.project }
    const sessionId = await at.begin({ tool: 'claude-code', metadata })
    const asked = { role: 'user', content: 'Refactor the Login function, please!' }
    await at.ask('addMessage', { sessionId, ...asked })
    await at.ask('addMessage', { sessionId, role: 'assistant', content: 'Done: see src/auth.ts' })
    const filePath = 'src/auth.ts'
    await at.ask('addCodeChange', { sessionId, filePath, beforeContent: 'old', afterContent: 'new' })
    expect(await at.say(JSON.stringify({ command: 'saveSession', sessionId, commitSha }))).toBe(success)

    const id = 'refactor-the-login'
    const [saved, ...more] = promptsIn(at.project) ?? []
    expect(more).toEqual([])
    const { text = '', versions, ...document } = saved ?? {}
    expect(versions).toBe(1)
    expect(document).toEqual({
      content: `# Auto-captured conversation from claude-code\n\nSession ID: ${sessionId}\nStarted: ${String(saved?.metadata['captureTime'])}\n\n## Conversation\n\n**user**: Refactor the Login function, please!\n\n**assistant**: Done: see src/auth.ts\n\n## Code Changes (1)\n\n- src/auth.ts\n`,
      commitMessage: 'Auto-captured from claude-code (2 messages)',
      metadata: {
        model: 'unknown',
        tags: ['auto-captured', 'claude-code'],
        tool: 'claude-code',
        sessionId,
        captureTime: iso,
        gitCommit: commitSha,
        filesModified: ['src/auth.ts'],
      },
      description: 'Refactor the Login function, please!',
      id,
      version: expect.stringMatching(/^[0-9a-f]{8}$/),
      timestamp: iso,
      lastModified: saved?.timestamp ?? '',
    })
    const { version = '', timestamp = '' } = saved ?? {}
    const top = join(at.project, '.prompts')
    expect(readFileSync(join(top, 'history', id, `${timestamp}-${version}.yaml`), 'utf8')).toBe(text)
    const entry = { lastVersion: version, lastModified: timestamp, model: 'unknown' }
    const index = { [id]: { ...entry, tags: ['auto-captured', 'claude-code'] } }
    expect(readFileSync(join(top, '.meta/index.json'), 'utf8')).toBe(JSON.stringify(index, null, 2))
    expect(await at.ask('status')).toMatchObject({ activeSessions: 0, sessionsByRepo: {} })
    expect(text).not.toContain('old')
  })

  test('G14: without a message nothing is written, and it stays', async () => {
    await using at = await playCapture()
    const sessionId = await at.begin({ metadata: { cwd: at.project } })
    await at.ask('addCodeChange', { sessionId, filePath: 'a', beforeContent: '', afterContent: 'b' })
    expect(await at.say(JSON.stringify({ command: 'saveSession', sessionId, commitSha }))).toBe(success)
    expect(existsSync(join(at.project, '.prompts'))).toBe(false)
    expect(await at.ask('status')).toMatchObject({ activeSessions: 1 })
  })

  test('G15: without a commit there is no gitCommit', async () => {
    await using at = await playCapture()
    await at.ask('saveSession', { sessionId: await at.talk('one two three') })
    expect(promptsIn(at.project)?.[0]?.text).not.toContain('gitCommit')
  })

  test('G16: what it says of its model is carried, in order', async () => {
    await using at = await playCapture()
    const metadata = {
      maxTokens: 4096,
      tags: ['mine', 7, 'yours'],
      temperature: 0.5,
      model: 'claude-opus',
      cwd: at.project,
    }
    await at.ask('saveSession', { sessionId: await at.talk('one two three', metadata) })
    const [saved] = promptsIn(at.project) ?? []
    expect(saved?.text).toContain(
      `metadata:\n  model: claude-opus\n  tags:\n${['auto-captured', 'generic', 'mine', 'yours'].map((tag) => `    - ${tag}\n`).join('')}  temperature: 0.5\n  maxTokens: 4096\n  tool: generic\n`,
    )
  })

  test.each([
    ['x'.repeat(100), 'x'.repeat(100)],
    ['y'.repeat(150), `${'y'.repeat(100)}...`],
  ])('G17: of a first message the description is 100 characters at most', async (question, description) => {
    await using at = await playCapture()
    await at.ask('saveSession', { sessionId: await at.talk(question) })
    expect(promptsIn(at.project)?.[0]?.description).toBe(description)
  })

  test('G18: its name is the first three words that say something', async () => {
    await using at = await playCapture()
    const names: string[] = []
    for (const question of [
      'Fix: bug #123 in the API',
      '../../etc/passwd now please',
      '日本語だけ',
      '',
      'go on',
    ]) {
      const sessionId = await at.talk(question)
      await at.ask('saveSession', { sessionId })
      names.push(question.length > 5 || question === '' ? '' : sessionId)
    }
    const ids = promptsIn(at.project)?.map(({ id }) => id)
    expect(ids).toHaveLength(5)
    expect(ids).toContain('fix-bug-123')
    expect(ids).toContain('etcpasswd-now-please')
    for (const sessionId of names.filter(Boolean)) expect(ids).toContain(`auto-${sessionId}`)
  })
})

describe('G19: sessions of a repository', () => {
  test('are saved together; those of others stay', async () => {
    await using at = await playCapture()
    const other = await at.repository('other')
    await at.talk('first of the project')
    await at.talk('second of the project')
    const stays = await at.talk('other one here', { repoPath: other })
    const asked = JSON.stringify({ command: 'saveSessionsForRepo', repoPath: at.project, commitSha })
    expect(await at.say(asked)).toBe('{"success":true,"sessionsSaved":2}')
    expect(promptsIn(at.project)?.map(({ metadata }) => metadata.gitCommit)).toEqual([commitSha, commitSha])
    expect(promptsIn(other)).toBeUndefined()
    const { sessions } = await at.ask('getActiveSessions')
    expect(sessions).toEqual([expect.objectContaining({ id: stays })])
    expect(await at.say(asked)).toBe('{"success":true,"sessionsSaved":0}')
  })

  test('are those of its subfolders, links, worktrees, and with a slash at the end', async () => {
    await using at = await playCapture()
    const tree = join(at.root, 'tree')
    await at.git(at.project, 'worktree', 'add', '-q', tree)
    symlinkSync(at.project, join(at.root, 'link'))
    const places = [at.project, `${at.project}/`, join(at.project, 'not/there'), join(at.root, 'link'), tree]
    for (const [n, cwd] of places.entries()) await at.talk(`question number${n} here`, { cwd })
    const repoPath = join(at.root, 'link/')
    expect(await at.ask('saveSessionsForRepo', { repoPath, commitSha })).toEqual({
      success: true,
      sessionsSaved: 5,
    })
    // a worktree has its own files
    expect(promptsIn(at.project)).toHaveLength(4)
    expect(promptsIn(tree)).toHaveLength(1)
  })

  test('one that belongs to none is kept, and the reply says where', async () => {
    await using at = await playCapture()
    const sessionId = await at.talk('nowhere to go', { cwd: at.temporary })
    expect(await at.say(JSON.stringify({ command: 'saveSession', sessionId }))).toBe(
      '{"success":true,"kept":"archive"}',
    )
    expect(await at.ask('status')).toMatchObject({ activeSessions: 0 })
    expect(readdirSync(at.temporary)).toEqual(['gitify-prompt'])
  })
})

describe('G24: at SIGTERM', () => {
  test('each session with messages is saved once, and nothing is left', async () => {
    using stage = openCaptureStage()
    const project = await stage.repository()
    const daemon = await stage.start()
    const line = await openCaptureLine(stage.path)
    for (let n = 0; n < 10; n++) {
      const sessionId = await line.begin({ metadata: { cwd: project } })
      await line.ask('addMessage', { sessionId, role: 'user', content: `question number${n} here` })
    }
    await line.begin({ metadata: { cwd: project } })
    await daemon.kill('SIGTERM')
    expect(await daemon.exited).toBe(0)
    expect(readdirSync(stage.folder)).toEqual([])
    const saved = promptsIn(project) ?? []
    expect(saved).toHaveLength(10)
    expect(saved.map(({ versions }) => versions)).toEqual(Array.from({ length: 10 }, () => 1))
  })

  test('what did not change is not saved again at the next, what did is', async () => {
    using stage = openCaptureStage()
    const project = await stage.repository()
    const lives = async (live: (line: Awaited<ReturnType<typeof openCaptureLine>>) => Promise<void>) => {
      const daemon = await stage.start()
      await using line = await openCaptureLine(stage.path)
      await live(line)
      await daemon.kill('SIGTERM')
    }
    const ids: string[] = []
    const versions = () =>
      (promptsIn(project) ?? []).map(({ id, versions: count }) => [id.split('-')[0], count])
    await lives(async (line) => {
      for (const word of ['alpha', 'beta']) {
        const sessionId = await line.begin({ metadata: { cwd: project } })
        ids.push(sessionId)
        await line.ask('addMessage', { sessionId, role: 'user', content: `${word} one two` })
      }
    })
    expect(versions()).toEqual([
      ['alpha', 1],
      ['beta', 1],
    ])
    for (let n = 0; n < 2; n++) {
      await lives(async (line) => expect(await line.ask('status')).toMatchObject({ activeSessions: 2 }))
      expect(versions()).toEqual([
        ['alpha', 1],
        ['beta', 1],
      ])
    }
    await lives(async (line) => {
      await line.ask('addMessage', { sessionId: ids[1], role: 'assistant', content: 'more' })
    })
    expect(versions()).toEqual([
      ['alpha', 1],
      ['beta', 2],
    ])
    expect(promptsIn(project)?.find(({ id }) => id === 'beta-one-two')?.content).toContain(
      '**assistant**: more',
    )
    await lives(async (line) => {
      expect(await line.ask('saveSessionsForRepo', { repoPath: project, commitSha })).toMatchObject({
        sessionsSaved: 2,
      })
      expect(await line.ask('status')).toMatchObject({ activeSessions: 0 })
    })
    expect(versions()).toEqual([
      ['alpha', 2],
      ['beta', 3],
    ])
  })
})

test('G28: 25 saves at once are 25 prompts and 25 entries, and none is left', async () => {
  await using at = await playCapture()
  const ids = await Promise.all(
    Array.from({ length: 25 }, async () => {
      await using line = await openCaptureLine(at.path)
      const sessionId = await line.begin({ metadata: { cwd: at.project } })
      await line.ask('addMessage', { sessionId, role: 'user', content: 'the same words each time' })
      return sessionId
    }),
  )
  const replies = await Promise.all(
    ids.map(async (sessionId) => {
      await using line = await openCaptureLine(at.path)
      return await line.ask('saveSession', { sessionId, commitSha })
    }),
  )
  expect(replies).toEqual(ids.map(() => ({ success: true })))
  const saved = promptsIn(at.project) ?? []
  expect(saved.map(({ metadata }) => metadata.sessionId).toSorted()).toEqual(ids.toSorted())
  expect(saved.every(({ versions }) => versions === 1)).toBe(true)
  expect(await at.ask('status')).toMatchObject({ activeSessions: 0 })
})
