// The orchestrator daemon's HTTP as its later client asks it, with the compiled binary and a scripted Claude Code.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { z } from 'zod'
import { createHttp, type Http } from '../support/http.ts'
import { listenTo, openSessions } from '../support/sessions.ts'

const timeout = 60_000
const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

let sessions: Awaited<ReturnType<typeof openSessions>>
let orchestrator: Http
let native: Http
beforeAll(async () => {
  const listeners = ['127.0.0.1:0,auth=none,dialect=orchestrator', '127.0.0.1:0,auth=none']
  sessions = await openSessions({ args: listeners.flatMap((listener) => ['--listen', listener]) })
  const [first = '', second = ''] = sessions.urls
  orchestrator = createHttp(first)
  native = createHttp(second)
}, timeout)
afterAll(() => sessions[Symbol.asyncDispose]())

const task = { type: 'code', description: 'say all done', priority: 'high', status: 'pending' }
const order = (description = task.description) => ({
  orchestratorId: 'vp_123',
  sessionType: 'claude-code',
  directory: sessions.directory,
  task: { ...task, description },
})
const fields = (json: unknown) => z.record(z.string(), z.unknown()).parse(json)
const bareSession = z.looseObject({
  id: z.string(),
  sessionId: z.string(),
  status: z.string(),
  metrics: z.unknown(),
})
type BareSession = z.infer<typeof bareSession>
const listing = z.object({ sessions: z.array(bareSession), total: z.int() })
const spawn = async (http: Http, description?: string) => {
  const answer = await http.post('/sessions', order(description))
  expect(answer.status).toBe(201)
  return bareSession.parse(answer.json())
}
/** Waits until it has done so many tasks, and reads it then. */
const after = async (http: Http, { id }: BareSession, tasks = 1) => {
  const session = await sessions.get(id)
  using told = await listenTo(sessions, session?.id ?? '')
  for (let n = 0; n < tasks; n++) await told.next('turn.finished')
  await told.next('session.status', ({ status }) => status === 'idle')
  const answer = await http.get(`/sessions/${id}`)
  expect(answer.status).toBe(200)
  return bareSession.parse(answer.json())
}

describe.each(['on its own listener', 'on any other'])('%s', (place) => {
  const http = () => (place === 'on any other' ? native : orchestrator)

  test(
    'POST /sessions answers with the bare session while it starts, and GET with what became of it',
    async () => {
      const session = await spawn(http())
      const begun = { ...session }
      expect(session).toMatchObject({
        id: expect.stringMatching(/^session_\d+_[a-z0-9]{9}$/),
        orchestratorId: 'vp_123',
        task: {
          type: 'code',
          description: 'say all done',
          priority: 'high',
          id: expect.stringMatching(/^task_/),
        },
        type: 'claude-code',
        sessionType: 'claude-code',
        startedAt: expect.stringMatching(iso),
        createdAt: begun['startedAt'],
        metrics: { tokensUsed: 0, tasksCompleted: 0, errorsEncountered: 0, averageResponseTime: 0 },
      })
      expect(['initializing', 'running']).toContain(begun['status'])
      const done = await after(http(), begun)
      expect(done['status']).toBe('completed')
      expect(done['metrics']).toMatchObject({ tokensUsed: 18, tasksCompleted: 1, errorsEncountered: 0 })
      expect(done['endedAt']).toMatch(iso)
    },
    timeout,
  )

  test(
    'POST /sessions/:id/tasks runs the next task in the same session',
    async () => {
      const session = await spawn(http())
      const { id } = session
      const asked = await http().post(`/sessions/${id}/tasks`, {
        sessionId: id,
        task: { ...task, description: 'say and more' },
        streamOutput: true,
      })
      expect(asked.status).toBe(202)
      expect(asked.json()).toMatchObject({
        sessionId: id,
        taskId: expect.stringMatching(/^task_[\da-f-]{36}$/),
      })
      expect((await after(http(), session, 2)).metrics).toMatchObject({ tasksCompleted: 2 })
    },
    timeout,
  )

  test(
    'DELETE /sessions/:id answers when it is gone, and it takes no more tasks',
    async () => {
      const { id } = await spawn(http(), 'wait')
      const { status, json } = await http().send('DELETE', `/sessions/${id}`)
      expect(status).toBe(200)
      expect(json()).toMatchObject({ id, status: 'terminated' })
      expect((await sessions.get(id))?.pid).toBeUndefined()
      const late = await http().post(`/sessions/${id}/tasks`, { task: 'more' })
      expect([late.status, fields(late.json())['code']]).toEqual([409, 'session_ended'])
      const again = await http().send('DELETE', `/sessions/${id}`)
      expect([again.status, fields(again.json())['status']]).toEqual([200, 'terminated'])
    },
    timeout,
  )

  test('a session that is not there is a 404, and an order without a task a 400 that starts nothing', async () => {
    const before = fields((await http().get('/sessions')).json())['total']
    const none = [
      http().get('/sessions/session_1_none'),
      http().send('DELETE', '/sessions/session_1_none'),
      http().post('/sessions/session_1_none/tasks', { task: 'x' }),
    ]
    expect((await Promise.all(none)).map(({ status }) => status)).toEqual([404, 404, 404])
    const bad = [{}, [], { task: {} }, { task: 7 }, { task: '' }, { task: { description: 7 } }, 'no json']
    for (const body of bad) expect((await http().post('/sessions', body)).status).toBe(400)
    expect(fields((await http().get('/sessions')).json())['total']).toBe(before)
    const nowhere = await http().post('/sessions', { ...order(), directory: join(sessions.home, 'nowhere') })
    expect(nowhere.status).toBe(400)
  })

  test('GET /status is the bare status of the daemon', async () => {
    const { status, json } = await http().get('/status')
    expect(status).toBe(200)
    expect(json()).toMatchObject({
      status: 'running',
      uptime: expect.any(Number),
      activeSessions: expect.any(Number),
      queuedTasks: expect.any(Number),
      metrics: { totalSessionsSpawned: expect.any(Number), successRate: expect.any(Number) },
      subsystems: { sessionManager: { status: 'running' } },
    })
  })
})

test(
  "GET /sessions is in the orchestrator's words on its listener, and in paid's own with those beside them elsewhere",
  async () => {
    const session = await spawn(orchestrator)
    const { id } = session
    await after(orchestrator, session)
    const of = (listed: unknown) => listing.parse(listed).sessions.find((each) => each.id === id)
    const theirs = of((await orchestrator.get('/sessions')).json())
    expect(theirs).toMatchObject({
      status: 'completed',
      type: 'claude-code',
      task: { description: 'say all done' },
    })
    const ours = of((await native.get('/sessions')).json())
    expect(ours).toMatchObject({
      ...theirs,
      metrics: { tokensUsed: 18 },
      status: 'idle',
      kind: 'managed',
      sessionId: expect.stringMatching(/^[\da-f-]{36}$/),
      pid: expect.any(Number),
      directory: sessions.directory,
    })
    expect(fields((await native.get('/sessions?status=idle&limit=1')).json())['total']).toBe(1)
    expect((await native.get('/sessions?status=asleep')).status).toBe(400)
    expect((await native.get('/sessions?limit=x')).status).toBe(400)
  },
  timeout,
)

test('7: GET /health says that it is healthy and when, and nothing else is there', async () => {
  const { status, json } = await orchestrator.get('/health')
  expect([status, json()]).toEqual([200, { status: 'healthy', timestamp: expect.stringMatching(iso) }])
  for (const path of ['/healthz', '/health/', '/nothing'])
    expect([path, (await orchestrator.get(path)).status]).toEqual([path, 404])
})

test('the first 404s of what the routes do not take', async () => {
  expect((await native.send('PUT', '/sessions', { body: {} })).status).toBe(405)
  expect((await native.send('DELETE', '/status')).status).toBe(405)
  expect((await native.get('/sessions/a/b')).status).toBe(404)
})
