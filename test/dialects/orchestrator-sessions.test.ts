// The orchestrator daemon's protocol, case by case: sessions that are spawned, told to do more.
// The numbers are those of the contract.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestDaemon } from '../support/daemon.ts'
import { openOldClient } from '../support/orchestrator.ts'
import { startWithClaude } from '../support/sessions.ts'

const args = ['--listen', '127.0.0.1:0,auth=none']
const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z$/)
const sessionId = expect.stringMatching(/^session_\d+_[a-z0-9]{9}$/)

let daemon: TestDaemon
beforeAll(async () => {
  daemon = await startWithClaude({ args, config: { sessions: { max: 30, stopSeconds: 2 } } })
}, 30_000)
afterAll(() => daemon.stop())

const connect = (path?: string) => openOldClient(daemon.url, path)

describe('bad input', () => {
  test.each(['session_status', 'stop_session', 'execute_task', 'spawn_session'])(
    '12, 15: %s without a payload is an error',
    async (type) => {
      await using client = await connect()
      for (const more of [{}, { payload: null }, { payload: 'text' }, { payload: [] }]) {
        client.send({ type, ...more })
        expect(await client.next()).toEqual({ type: 'error', error: 'Invalid message format' })
      }
    },
  )

  test.each(['session_1_abc', '__proto__', 'toString', 'x'.repeat(300), '', 'a\nb', 'ab*'])(
    '13, 14, 17: there is no session %j',
    async (id) => {
      await using client = await connect()
      const error = `Session not found: ${id}`
      client.look(id)
      expect(await client.next()).toEqual({ type: 'error', error })
      client.stop(id)
      expect(await client.next()).toEqual({ type: 'error', error })
      client.execute(id, 'work')
      const taskId = expect.stringMatching(/^task_/)
      expect(await client.next()).toEqual({ type: 'task_executing', sessionId: id, taskId })
      expect(await client.next()).toEqual({ type: 'task_failed', sessionId: id, taskId, error })
    },
  )

  test('one that was started elsewhere runs no tasks: these clients know of none', async () => {
    const session_id = crypto.randomUUID()
    const stdin = JSON.stringify({ hook_event_name: 'SessionStart', session_id })
    expect(await daemon.run(['hook'], { stdin })).toMatchObject({ code: 0 })
    await using client = await connect()
    client.execute(session_id, 'work')
    expect(await client.next('task_failed')).toMatchObject({
      sessionId: session_id,
      error: `Session not found: ${session_id}`,
    })
  })

  test('13, 14: nor is there one without a name', async () => {
    await using client = await connect()
    client.look(undefined)
    expect(await client.next()).toEqual({ type: 'error', error: 'Session not found: undefined' })
    client.execute(undefined, undefined)
    expect(await client.next()).toEqual({ type: 'task_executing' })
    expect(await client.next()).toEqual({ type: 'task_failed', error: 'Session not found: undefined' })
  })

  test.each([
    {},
    { task: null },
    { task: {} },
    { task: '' },
    { task: { description: 5 } },
    { task: { description: ' ' } },
    { task: ['work'] },
  ])('15: %j orders no session', async (payload) => {
    await using client = await connect()
    client.send({ type: 'list_sessions' })
    const { sessions } = await client.next('sessions_list')
    client.send({ type: 'spawn_session', payload, id: 4 })
    expect(await client.next()).toEqual({
      type: 'error',
      error: 'spawn_session needs a text in payload.task.description',
      id: 4,
    })
    client.send({ type: 'list_sessions' })
    expect((await client.next('sessions_list')).sessions).toEqual(sessions)
  })
})

describe('a spawn', () => {
  test('18, 19, 20: is answered first, then the session runs and completes, told once to each socket', async () => {
    await using client = await connect()
    await using watcher = await connect('/watching')
    const spawned = await client.spawn('Implement feature X', { memoryProfile: 'default' })
    expect(client.types()).toEqual(['session_spawned'])
    expect(spawned).toEqual({
      id: sessionId,
      orchestratorId: 'vp_123',
      task: {
        id: expect.stringMatching(/^task_/),
        description: 'Implement feature X',
        type: 'code',
        priority: 'high',
        status: 'pending',
        createdAt: iso,
        updatedAt: iso,
      },
      type: 'claude-code',
      status: 'initializing',
      startedAt: iso,
      memoryContext: { scratchpad: {}, episodic: [], semantic: [] },
      metrics: {
        tokensUsed: 0,
        duration: expect.any(Number),
        tasksCompleted: 0,
        errorsEncountered: 0,
        averageResponseTime: 0,
      },
    })
    const { session } = await watcher.status('completed', spawned['id'])
    expect(session).toMatchObject({ ...spawned, status: 'completed', endedAt: iso, task: {}, metrics: {} })
    expect(session.task).toMatchObject({ id: spawned['task'].id, status: 'completed' })
    expect(session.metrics).toMatchObject({ tokensUsed: 18, tasksCompleted: 1, errorsEncountered: 0 })
    expect(session.metrics.duration).toBeGreaterThan(0)
    const told = (await watcher.settle()).map(({ type, session: each }) => [type, each?.status])
    expect(told).toEqual([
      ['session_status_update', 'running'],
      ['session_status_update', 'completed'],
    ])
  })

  test('21: a process that breaks is a session that failed, with one error', async () => {
    await using client = await connect()
    const { id } = await client.spawn('crash 3')
    const { error } = await client.next('task_failed')
    expect(error).toContain('it broke')
    const { session } = await client.status('failed', id)
    expect(session).toMatchObject({ metrics: { errorsEncountered: 1, tasksCompleted: 0 }, endedAt: iso })
  })

  test('22, 23: whatever kind it is and profile it has, it is told as it was asked for', async () => {
    await using client = await connect()
    for (const sessionType of ['claude-flow', 'ruflo', 'bogus'])
      expect(await client.spawn('work', { sessionType, memoryProfile: 'any' })).toMatchObject({
        type: sessionType,
      })
  })

  test('24: a task may be nothing but a text', async () => {
    await using client = await connect()
    client.send({ type: 'spawn_session', payload: { task: 'Hello' } })
    expect((await client.next('session_spawned')).session).toMatchObject({
      orchestratorId: 'default',
      task: { description: 'Hello', type: 'general', priority: 'medium' },
    })
  })

  test('25, 26: 20 at once have ids of their own, are answered in their order, and all finish', async () => {
    await using client = await connect()
    for (let n = 0; n < 20; n++)
      client.send({ type: 'spawn_session', id: n, payload: { task: `number ${n}` } })
    const spawned = []
    for (let n = 0; n < 20; n++) spawned.push(await client.next('session_spawned'))
    expect(spawned.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(spawned.map(({ session }) => session.task.description)).toEqual(
      Array.from({ length: 20 }, (_, n) => `number ${n}`),
    )
    for (const of of ['id', 'task'])
      expect(new Set(spawned.map(({ session }) => JSON.stringify(session[of].id ?? session[of]))).size).toBe(
        20,
      )
    const completed = () =>
      client.all.filter(
        ({ type, session }) => type === 'session_status_update' && session.status === 'completed',
      )
    while (completed().length < 20) await client.next()
    for (const { session } of spawned) client.stop(session.id)
    for (let n = 0; n < 20; n++) await client.status('terminated')
  }, 60_000)

  test('works where payload.directory says, or the task, or in a folder of its own', async () => {
    await using client = await connect()
    const folder = join(daemon.home, 'elsewhere')
    mkdirSync(folder, { recursive: true })
    const task = { description: 'work', metadata: { directory: folder } }
    const at = async (payload: object) => {
      client.send({ type: 'spawn_session', payload })
      const { id } = (await client.next('session_spawned')).session
      const { stdout } = await daemon.run(['call', 'session.get', JSON.stringify({ id })])
      return JSON.parse(stdout).session.directory
    }
    expect(await at({ task: 'work', directory: folder })).toBe(folder)
    expect(await at({ task })).toBe(folder)
    const own: string = await at({ task: 'work' })
    expect(own).toStartWith(join(daemon.home, 'workspaces'))
    expect(existsSync(own)).toBe(true)
    client.send({ type: 'spawn_session', payload: { task: 'work', directory: join(folder, 'nothing') } })
    expect((await client.next('error')).error).toContain('There is no folder')
  })
})

describe('more to do', () => {
  test('37: a session that has completed its task takes another, and keeps what it knows', async () => {
    await using client = await connect()
    const { id } = await client.spawn('first')
    const { taskId } = await client.next('task_completed')
    await client.status('completed', id)
    client.execute(id, 'Analyze the codebase', { context: {}, streamResponse: true })
    const { taskId: second } = await client.next('task_executing')
    expect(second).toMatch(/^task_[\w-]+$/)
    expect(second).not.toBe(taskId)
    expect(await client.next('task_completed')).toMatchObject({ sessionId: id, taskId: second })
    expect((await client.status('completed', id)).session.metrics).toMatchObject({
      tasksCompleted: 2,
      tokensUsed: 36,
    })
  })

  test('a context comes with the task', async () => {
    await using client = await connect()
    const { id } = await client.spawn('first')
    await client.status('completed', id)
    client.execute(id, 'look', { context: { file: 'a.ts' } })
    expect((await client.next('task_completed', ({ taskId }) => taskId)).result).toContain('"file": "a.ts"')
  })

  test('38: while it runs, tasks wait in line and never mix', async () => {
    await using client = await connect()
    const { id } = await client.spawn('tool Ask {}')
    await client.status('paused', id)
    client.execute(id, 'one', { id: 1 })
    client.execute(id, 'two')
    client.send({ type: 'daemon_status' })
    expect((await client.next('daemon_status_update')).status.queuedTasks).toBe(2)
    await daemon.run(['call', 'session.answer', JSON.stringify({ id, allow: true })])
    const results = []
    for (let n = 0; n < 3; n++) results.push((await client.next('task_completed')).result)
    expect(results).toEqual(['tool Ask {}', 'heard: one', 'heard: two'])
    const turns = (await client.settle())
      .filter(({ type }) => type.startsWith('task_'))
      .map(({ type }) => type)
    expect(turns).toEqual(Array.from({ length: 3 }, () => ['task_executing', 'task_completed']).flat())
  })

  test('a session that has ended takes no more, and says so', async () => {
    await using client = await connect()
    const { id } = await client.spawn('work')
    await client.status('completed', id)
    client.stop(id)
    await client.status('terminated', id)
    client.execute(id, 'more')
    await client.next('task_executing')
    expect(await client.next('task_failed')).toMatchObject({
      error: `Session ${id} is not running (status: terminated)`,
    })
  })
})
