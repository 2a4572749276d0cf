// Captured conversations from end to end: the old client drives one, the daemon is killed in the middle of saves, and two
// daemons write into one repository.

import { describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openCaptureLine, openCaptureStage, promptsIn, sendAsOldClient } from '../support/capture.ts'
import { openSocket } from '../support/socket.ts'
import { acquirePassingLock } from '../../src/lib/file-lock.ts'

test('the old client drives a whole conversation, and the hook of a commit saves it', async () => {
  using stage = openCaptureStage()
  const project = await stage.repository()
  await using daemon = await stage.start()
  const send = (command: string, args?: object) => sendAsOldClient(stage.path, command, args)

  expect(await send('ping')).toEqual({ pong: true })
  const metadata = { cwd: project, repoPath: project, platform: 'linux', nodeVersion: 'v22.0.0' }
  const { sessionId } = { sessionId: '', ...(await send('createSession', { tool: 'claude-code', metadata })) }
  for (const [role, content] of [
    ['user', 'Add a greeting to the page'],
    ['assistant', `I will.\n${'text '.repeat(8000)}`],
    ['user', 'Thanks'],
  ])
    expect(await send('addMessage', { sessionId, role, content })).toEqual({ success: true })
  const change = { filePath: 'page.html', beforeContent: '', afterContent: '<p>hello</p>'.repeat(20_000) }
  expect(await send('addCodeChange', { sessionId, ...change })).toEqual({ success: true })
  expect(await send('status')).toMatchObject({ activeSessions: 1, sessionsByRepo: { [project]: 1 } })
  expect(await send('getActiveSessions', { repoPath: project })).toMatchObject({
    sessions: [{ id: sessionId, messages: [{}, {}, {}], codeChanges: [{ filePath: 'page.html' }] }],
  })
  expect(await send('getConfig')).toMatchObject({ config: { autoCapture: { enabled: true } } })

  const { sha } = await stage.commit(project, 'page.html', '<p>hello</p>')
  const asked = { repoPath: await stage.git(project, 'rev-parse', '--show-toplevel'), commitSha: sha }
  expect(await send('saveSessionsForRepo', asked)).toEqual({ success: true, sessionsSaved: 1 })
  expect(promptsIn(project)).toMatchObject([
    { id: 'add-greeting-the', metadata: { sessionId, gitCommit: sha, filesModified: ['page.html'] } },
  ])
  expect(await send('status')).toMatchObject({ activeSessions: 0 })
  const next = await send('createSession', {
    tool: 'claude-code',
    metadata: { previousCommit: sha, ...metadata },
  })
  expect(next).toEqual({ sessionId: expect.stringMatching(/^[0-9a-f]{16}$/) })
  expect(send('saveSession', { sessionId: 7 })).rejects.toThrow('sessionId must be a string')
  await daemon.kill('SIGTERM')
  expect(await daemon.exited).toBe(0)
})

const begun = async (path: string): Promise<string> => {
  await using line = await openCaptureLine(path)
  return await line.begin({ tool: 'cursor' })
}

/** Sessions of one project, with a question each. */
const talks = async (path: string, cwd: string, count: number, word: string): Promise<string[]> => {
  await using line = await openCaptureLine(path)
  const ids: string[] = []
  for (let n = 0; n < count; n++) {
    const sessionId = await line.begin({ metadata: { cwd } })
    await line.ask('addMessage', { sessionId, role: 'user', content: `${word} same words ${n}` })
    ids.push(sessionId)
  }
  return ids
}

describe('kill -9', () => {
  test.each([1, 300, 2000])(
    'after %i answers: each message that was answered is there, in order',
    async (count) => {
      using stage = openCaptureStage()
      const before = await stage.start()
      const sessionId = await begun(stage.path)
      await using socket = await openSocket(stage.path)
      const texts = Array.from({ length: 4000 }, (_, n) => `message ${n}`)
      const asked = texts.map((content) =>
        JSON.stringify({ command: 'addMessage', sessionId, role: 'user', content }),
      )
      void socket.write(asked.join('')).catch(() => undefined)
      await socket.lines.take(count)
      await before.kill('SIGKILL')
      const answered = socket.lines.all.length
      expect(answered).toBeGreaterThanOrEqual(count)

      await using _ = await stage.start()
      await using line = await openCaptureLine(stage.path)
      const { result } = JSON.parse(await line.say('{"id":1,"method":"capture.list","params":{}}'))
      const kept = result.sessions[0].messages.map(({ content }: { content: string }) => content)
      expect(kept.length).toBeGreaterThanOrEqual(answered)
      expect(kept).toEqual(texts.slice(0, kept.length))
    },
  )

  /** after the saves were asked for, ms: all 25 take about 250 */
  test.each([0, 20, 50, 80, 110, 140, 180, 230])(
    '%i ms into 25 saves: afterwards all is whole, nothing twice',
    async (ms) => {
      using stage = openCaptureStage()
      const project = await stage.repository()
      const before = await stage.start()
      const ids = await talks(stage.path, project, 25, 'kill')
      const answered: string[] = []
      const asking = ids.map(async (sessionId) => {
        await sendAsOldClient(stage.path, 'saveSession', { sessionId, commitSha: 'abcdef0' })
        answered.push(sessionId)
      })
      const settled = Promise.allSettled(asking)
      await Bun.sleep(ms)
      await before.kill('SIGKILL')
      // the old client waits for a reply that does not come
      await Promise.race([settled, Bun.sleep(500)])

      await using _ = await stage.start()
      await using line = await openCaptureLine(stage.path)
      expect(
        await line.ask('saveSessionsForRepo', { repoPath: project, commitSha: 'abcdef0' }),
      ).toMatchObject({
        success: true,
      })
      expect(await line.ask('status')).toMatchObject({ activeSessions: 0 })
      const saved = promptsIn(project) ?? []
      expect(saved.map(({ metadata }) => metadata.sessionId).toSorted()).toEqual(ids.toSorted())
      expect(saved.map(({ versions }) => versions)).toEqual(ids.map(() => 1))
      expect(saved.map(({ metadata }) => metadata.gitCommit)).toEqual(ids.map(() => 'abcdef0'))
      const { result } = JSON.parse(
        await line.say('{"id":1,"method":"event.list","params":{"type":"capture.saved","limit":1000}}'),
      )
      expect(result.events).toHaveLength(25)
      expect(answered.length).toBeLessThanOrEqual(25)
    },
  )

  test('in the middle of the saves of a stop, and stopped again before they are done again: one version each', async () => {
    using stage = openCaptureStage()
    const project = await stage.repository()
    const before = await stage.start()
    const ids = await talks(stage.path, project, 12, 'again')
    // another daemon writes there: what is begun waits for it
    const other = acquirePassingLock(join(project, '.git', 'paid-prompts.lock'))
    process.kill(before.pid, 'SIGTERM')
    await Bun.sleep(300)
    await before.kill('SIGKILL')
    const after = await stage.start()
    process.kill(after.pid, 'SIGTERM')
    await Bun.sleep(300)
    other?.[Symbol.dispose]()
    expect(await after.exited).toBe(0)
    const saved = promptsIn(project) ?? []
    expect(saved.map(({ metadata }) => metadata.sessionId).toSorted()).toEqual(ids.toSorted())
    expect(saved.map(({ versions }) => versions)).toEqual(ids.map(() => 1))
  })

  test('in the middle of the saves of a stop: the sessions stay active, and are saved once', async () => {
    using stage = openCaptureStage()
    const project = await stage.repository()
    const before = await stage.start()
    const ids = await talks(stage.path, project, 25, 'stop')
    process.kill(before.pid, 'SIGTERM')
    await Bun.sleep(60)
    await before.kill('SIGKILL')
    const after = await stage.start()
    await using line = await openCaptureLine(stage.path)
    expect(await line.ask('status')).toMatchObject({ activeSessions: 25 })
    for (const sessionId of ids.slice(0, 5))
      expect(await line.ask('addMessage', { sessionId, role: 'assistant', content: 'more' })).toEqual({
        success: true,
      })
    await after.kill('SIGTERM')
    const saved = promptsIn(project) ?? []
    expect(saved).toHaveLength(25)
    for (const { metadata, versions, content } of saved) {
      const changed = ids.indexOf(metadata.sessionId) < 5
      expect(content.includes('**assistant**: more')).toBe(changed)
      expect(versions).toBeLessThanOrEqual(changed ? 2 : 1)
    }
  })
})

test('two daemons that save into one repository at once write each conversation once', async () => {
  using one = openCaptureStage()
  using two = openCaptureStage()
  const project = await one.repository()
  await using _ = await one.start()
  await using __ = await two.start()
  const ids = [
    ...(await talks(one.path, project, 12, 'both')),
    ...(await talks(two.path, project, 12, 'both')),
  ]
  const repoPath = project
  const replies = await Promise.all(
    [one, two].map(async ({ path }) => {
      await using line = await openCaptureLine(path)
      return await line.ask('saveSessionsForRepo', { repoPath, commitSha: 'abcdef0' })
    }),
  )
  expect(replies).toEqual(replies.map(() => ({ success: true, sessionsSaved: 12 })))
  const saved = promptsIn(project) ?? []
  expect(saved.map(({ metadata }) => metadata.sessionId).toSorted()).toEqual(ids.toSorted())
  expect(saved.every(({ versions }) => versions === 1)).toBe(true)
  expect(readdirSync(join(project, '.prompts/.meta'))).toEqual(['index.json'])
}, 60_000)
