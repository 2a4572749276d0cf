// What was wrong with the capture daemon that ours replaces, by the numbers of its list: none of it is so here.

import { describe, expect, test } from 'bun:test'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  openCaptureLine,
  openCaptureStage,
  playCapture,
  promptsIn,
  sendAsOldClient,
} from '../support/capture.ts'
import { put } from '../support/git.ts'

const success = { success: true }

test('1: what was answered is there after kill -9', async () => {
  using stage = openCaptureStage()
  const project = await stage.repository()
  const before = await stage.start()
  const first = await openCaptureLine(stage.path)
  const sessionId = await first.begin({ tool: 'cursor', metadata: { cwd: project } })
  await first.ask('addMessage', { sessionId, role: 'user', content: 'one two three' })
  const change = { filePath: 'a.ts', beforeContent: '1', afterContent: '2' }
  await first.ask('addCodeChange', { sessionId, ...change })
  const { sessions } = await first.ask('getActiveSessions')
  await before.kill('SIGKILL')
  await using _ = await stage.start()
  await using line = await openCaptureLine(stage.path)
  expect(await line.ask('getActiveSessions')).toEqual({ sessions })
  expect(await line.ask('saveSession', { sessionId })).toEqual(success)
  expect(promptsIn(project)).toHaveLength(1)
})

describe('2: replies', () => {
  test('come in order, whatever each costs', async () => {
    await using at = await playCapture()
    const sessionId = await at.talk('one two three')
    const asked = [
      { command: 'saveSession', sessionId },
      { command: 'ping' },
      { command: 'getActiveSessions' },
      { command: 'nope' },
      { command: 'addMessage', sessionId, role: 'user', content: 'late' },
      { command: 'status' },
    ]
    await at.write(asked.map((each) => JSON.stringify(each)).join(''))
    const replies = []
    for (const _ of asked) replies.push(Object.keys(JSON.parse(await at.heard()))[0])
    expect(replies).toEqual(['success', 'pong', 'sessions', 'error', 'success', 'running'])
  })

  test('fit into what an old client reads at once, however much was said', async () => {
    await using at = await playCapture()
    for (let n = 0; n < 30; n++) {
      const sessionId = await at.begin({ metadata: { cwd: `/${'x'.repeat(4000)}/${n}` } })
      for (let i = 0; i < 5; i++)
        await at.ask('addMessage', { sessionId, role: 'user', content: `${'\u0001'.repeat(1000)}${i}` })
    }
    for (const command of ['getActiveSessions', 'status', 'getConfig']) {
      const reply = await sendAsOldClient(at.path, command)
      expect(reply).not.toHaveProperty('error')
      if (command !== 'getConfig') expect(reply).toMatchObject({ truncated: true })
    }
  })
})

test('3: only what was written is counted', async () => {
  await using at = await playCapture()
  await at.begin({ metadata: { cwd: at.project } })
  await at.talk('one two three')
  const saved = await at.ask('saveSessionsForRepo', { repoPath: at.project, commitSha: 'abcdef0' })
  expect(saved).toEqual({ success: true, sessionsSaved: 1 })
})

describe('4: what is no good', () => {
  test.each([
    ['metadata is null', { command: 'createSession', metadata: null }],
    ['metadata is a text', { command: 'createSession', tool: 'x', metadata: 'no' }],
    ['metadata is a list', { command: 'createSession', tool: 'x', metadata: [1] }],
    ['tool is a number', { command: 'createSession', tool: 7 }],
    ['tool is an object', { command: 'createSession', tool: {} }],
    ['tool is __proto__', { command: 'createSession', tool: '__proto__', metadata: { cwd: '__proto__' } }],
    [
      'cwd is constructor',
      { command: 'createSession', metadata: { cwd: 'constructor', repoPath: 'toString' } },
    ],
    ['cwd is a number', { command: 'createSession', metadata: { cwd: 7, repoPath: {}, tags: 7, model: [] } }],
    ['cwd has a zero', { command: 'createSession', metadata: { cwd: '/a\0b' } }],
    ['content is missing', { command: 'addMessage', role: 'user' }],
    ['content is a number', { command: 'addMessage', role: 'user', content: 7 }],
    ['content is null', { command: 'addMessage', role: 'user', content: null }],
    ['role is missing', { command: 'addMessage', content: 'x' }],
    ['role is an object', { command: 'addMessage', role: {}, content: 'x' }],
    ['content is one long word', { command: 'addMessage', role: 'user', content: 'w'.repeat(5000) }],
    ['content has a zero and half a character', { command: 'addMessage', role: 'user', content: '\0\ud800' }],
    ['filePath is missing', { command: 'addCodeChange', beforeContent: 'a' }],
    ['filePath leads elsewhere', { command: 'addCodeChange', filePath: '../../../../etc/passwd\0' }],
    ['before is a number', { command: 'addCodeChange', filePath: 'a', beforeContent: 7, afterContent: null }],
    ['commit is a list', { command: 'saveSession', commitSha: [] }],
    ['commit leads elsewhere', { command: 'saveSession', commitSha: '../../x' }],
    ['session is a number', { command: 'addMessage', sessionId: 7, role: 'user', content: 'x' }],
    ['session is not there', { command: 'addMessage', sessionId: undefined, role: 'user', content: 'x' }],
    ['repoPath is a number', { command: 'saveSessionsForRepo', repoPath: 7 }],
    ['repoPath is missing', { command: 'saveSessionsForRepo' }],
    ['repoPath is null', { command: 'getActiveSessions', repoPath: null }],
  ])('(%s) hinders nobody', async (_, request) => {
    await using at = await playCapture()
    const own = await at.begin({ metadata: { cwd: at.project } })
    const reply = JSON.parse(await at.say(JSON.stringify({ sessionId: own, ...request })))
    expect(Object.keys(reply)[0]).toMatch(/^(error|sessionId|success|sessions)$/)
    if (reply.error) expect(reply.error).toBeString()
    await at.ask('addMessage', { sessionId: own, role: 'user', content: 'own words here' })
    const good = await at.talk('good words here')

    expect(await at.ask('status')).toMatchObject({ running: true })
    expect(await at.ask('getActiveSessions')).toMatchObject({ sessions: expect.any(Array) })
    const saved = await at.ask('saveSessionsForRepo', { repoPath: at.project })
    expect(saved).toMatchObject({ success: true })
    const ids = promptsIn(at.project)?.map(({ metadata }) => metadata.sessionId) ?? []
    expect(ids).toContain(good)
    expect(ids).toContain(own)
    await at.daemon.kill('SIGTERM')
    expect(await at.daemon.exited).toBe(0)
  })

  test('a repository that cannot be written keeps its sessions, says why, and hinders no other', async () => {
    await using at = await playCapture()
    const other = await at.repository('other')
    writeFileSync(join(other, '.prompts'), 'a file')
    const stuck = await at.talk('stuck words here', { cwd: other })
    const more = await at.talk('more words here', { cwd: other })
    const good = await at.talk('good words here')
    const refused = { error: expect.stringContaining(`${join(other, '.prompts')} is a file`) }
    expect(await at.ask('saveSession', { sessionId: stuck })).toEqual(refused)
    expect(await at.ask('saveSessionsForRepo', { repoPath: other })).toEqual(refused)
    expect(await at.ask('saveSession', { sessionId: good })).toEqual(success)
    const { sessions } = await at.ask('getActiveSessions')
    expect(sessions).toEqual([stuck, more].map((id) => expect.objectContaining({ id })))
    await at.talk('last words here')
    await at.daemon.kill('SIGTERM')
    expect(await at.daemon.exited).toBe(0)
    expect(promptsIn(at.project)).toHaveLength(2)
    expect(readFileSync(join(other, '.prompts'), 'utf8')).toBe('a file')
  })
})

/** root writes wherever it likes */
const asAnybody = test.skipIf(process.getuid?.() === 0)
asAnybody('4: a `.prompts` that is read-only keeps its sessions, and says why', async () => {
  await using at = await playCapture()
  mkdirSync(join(at.project, '.prompts'), { mode: 0o555 })
  const sessionId = await at.talk('one two three')
  expect(await at.ask('saveSession', { sessionId })).toEqual({ error: expect.stringContaining('EACCES') })
  expect(await at.ask('status')).toMatchObject({ activeSessions: 1 })
})

describe('5: saves', () => {
  test('are whole, whoever reads meanwhile; an index that is broken is set aside', async () => {
    await using at = await playCapture()
    put(join(at.project, '.prompts/.meta/index.json'), '{"half')
    await at.ask('saveSession', { sessionId: await at.talk('one two three') })
    const [broken, index, ...more] = readdirSync(join(at.project, '.prompts/.meta')).toSorted().toReversed()
    expect(more).toEqual([])
    expect(broken).toMatch(/^index\.json\.broken-\d+$/)
    expect(
      Object.keys(JSON.parse(readFileSync(join(at.project, '.prompts/.meta', index ?? ''), 'utf8'))),
    ).toEqual(['one-two-three'])
  })

  test('asked for twice at once, one is written', async () => {
    await using at = await playCapture()
    const sessionId = await at.talk('one two three')
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => sendAsOldClient(at.path, 'saveSession', { sessionId })),
    )
    expect(replies).toEqual(replies.map(() => success))
    expect(promptsIn(at.project)?.map(({ versions }) => versions)).toEqual([1])
  })
})

test('6: nothing is written where the daemon was started, but where the session belongs', async () => {
  using stage = openCaptureStage()
  const [here, there] = [await stage.repository('here'), await stage.repository('there')]
  await using _ = await stage.start({ cwd: here })
  await using line = await openCaptureLine(stage.path)
  const sessionId = await line.begin({ metadata: { cwd: join(there, 'sub') } })
  await line.ask('addMessage', { sessionId, role: 'user', content: 'one two three' })
  expect(await line.ask('saveSession', { sessionId })).toEqual(success)
  expect(existsSync(join(here, '.prompts'))).toBe(false)
  expect(promptsIn(there)).toHaveLength(1)
})

test('7: no hook of a repository is touched at start', async () => {
  using stage = openCaptureStage()
  const project = await stage.repository()
  const hook = join(project, '.git/hooks/post-commit')
  put(hook, '#!/bin/sh\necho mine\n', 0o755)
  await using _ = await stage.start({ cwd: project })
  expect(readFileSync(hook, 'utf8')).toBe('#!/bin/sh\necho mine\n')
})

test('9: nothing is written for others to read, or through a link that others planted', async () => {
  await using at = await playCapture()
  const modes = ['', 'daemon.sock', 'daemon.pid'].map((name) =>
    (lstatSync(join(at.folder, name)).mode & 0o777).toString(8),
  )
  expect(modes).toEqual(['700', '600', '600'])
  expect(readdirSync(at.folder).toSorted()).toEqual(['daemon.pid', 'daemon.sock'])
  const elsewhere = join(at.root, 'elsewhere')
  mkdirSync(elsewhere)
  symlinkSync(elsewhere, join(at.project, '.prompts'))
  const sessionId = await at.talk('one two three')
  expect(await at.ask('saveSession', { sessionId })).toEqual({
    error: expect.stringContaining('is a symbolic link of user'),
  })
  expect(readdirSync(elsewhere)).toEqual([])
})

test('10: the pid of another program hinders no start, and it is not ended', async () => {
  using stage = openCaptureStage()
  const other = Bun.spawn(['sleep', '60'])
  try {
    mkdirSync(stage.folder, { mode: 0o700 })
    writeFileSync(stage.pidFile, String(other.pid))
    const daemon = await stage.start()
    expect(readFileSync(stage.pidFile, 'utf8')).toBe(String(daemon.pid))
    await daemon.kill('SIGTERM')
    expect(other.exitCode).toBeNull()
    expect(existsSync(stage.pidFile)).toBe(false)
  } finally {
    other.kill()
  }
})

test('11: settings that are broken, and some of them only, keep nothing from starting', async () => {
  using stage = openCaptureStage()
  writeFileSync(stage.settings, '{"autoCapture": {"enabled": false')
  await using daemon = await stage.start()
  expect(await sendAsOldClient(stage.path, 'status')).toMatchObject({
    config: { autoCapture: { enabled: true, tools: { cursor: true } } },
  })
  expect(daemon.output()).toContain('the capture settings cannot be read')
})

describe('12: prompts', () => {
  test('of two conversations with the same first words are two', async () => {
    await using at = await playCapture()
    for (const content of ['Fix bug 123 now', 'fix: bug #123 again'])
      await at.ask('saveSession', { sessionId: await at.talk(content) })
    expect(promptsIn(at.project)?.map(({ id }) => id)).toEqual(['fix-bug-123-2', 'fix-bug-123'])
  })

  test.each(['../../../evil', '/etc/passwd', '....//....//x', 'con nul aux', '.git hooks post', '\0 \n \r'])(
    'of %j stay where they belong',
    async (content) => {
      await using at = await playCapture()
      const before = readdirSync(at.root).toSorted()
      await at.ask('saveSession', { sessionId: await at.talk(content) })
      expect(promptsIn(at.project)).toHaveLength(1)
      expect(readdirSync(at.root).toSorted()).toEqual(before)
      expect(readdirSync(at.project).toSorted()).toEqual(['.git', '.prompts'])
    },
  )
})

test('13: every change is an event, in the words of its session', async () => {
  await using at = await playCapture()
  const sessionId = await at.talk('one two three')
  await at.ask('addCodeChange', { sessionId, filePath: 'a', beforeContent: 'b', afterContent: 'c' })
  await at.ask('saveSession', { sessionId })
  const { result } = JSON.parse(
    await at.say(JSON.stringify({ id: 1, method: 'event.list', params: { session: sessionId } })),
  )
  expect(result.events.map(({ type }: { type: string }) => type)).toEqual([
    'capture.started',
    'message.added',
    'code.changed',
    'capture.saving',
    'capture.saved',
  ])
})
