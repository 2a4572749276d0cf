// What the orchestrator's later web client reads, asked for with `?compat=web`: the same frames, and more.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { TestDaemon } from '../support/daemon.ts'
import { openOldClient, textOf } from '../support/orchestrator.ts'
import { startWithClaude } from '../support/sessions.ts'

let daemon: TestDaemon
beforeAll(async () => {
  daemon = await startWithClaude({ args: ['--listen', '127.0.0.1:0,auth=none'] })
}, 30_000)
afterAll(() => daemon.stop())

const connect = () => openOldClient(daemon.url, '/?compat=web')

test('each frame says in payload what it says, and news of a session come twice', async () => {
  await using client = await connect()
  await using plain = await openOldClient(daemon.url)
  const session = await client.spawn('free Read {}\nsay done')
  const { id, startedAt } = session
  await client.status('completed', id)
  await client.settle()
  expect(client.types()).toEqual([
    'session_spawned',
    'session_status_update',
    'session_updated',
    'task_executing',
    'stream_start',
    'tool_call_start',
    'tool_call_result',
    'stream_chunk',
    'stream_end',
    'task_completed',
    'session_status_update',
    'session_updated',
  ])
  for (const { type, data, payload, session: told, ...rest } of client.all) {
    const named = { sessionId: id, sessionType: 'claude-code', createdAt: startedAt }
    if (told) expect(payload).toEqual({ ...told, ...named })
    else if (type === 'session_updated') expect(payload).toMatchObject(named)
    else expect(payload).toEqual(data ?? rest)
  }
  await plain.status('completed', id)
  for (const frame of plain.all) expect(Object.keys(frame)).toEqual(['type', 'session'])
})

test('the status of the daemon comes with its health, and twice when it is asked for', async () => {
  await using client = await connect()
  client.send({ type: 'health_check' })
  expect(await client.next()).toMatchObject({ healthy: true, data: { status: 'running' } })
  client.send({ type: 'daemon_status' })
  const { status, payload } = await client.next('daemon_status_update')
  expect(payload).toEqual(status)
  expect(await client.next()).toEqual({ type: 'daemon_status', payload: status, data: status })
})

test('a session that the same caller begins over HTTP is streamed, and to no plain client', async () => {
  await using client = await connect()
  await using plain = await openOldClient(daemon.url)
  const answer = await fetch(`${daemon.url}/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orchestratorId: 'web', task: { type: 'code', description: 'say over HTTP' } }),
  })
  expect(answer.status).toBe(201)
  const { id } = JSON.parse(await answer.text())
  await client.next('task_completed')
  expect(textOf(client.all)).toBe('over HTTP')
  await plain.status('completed')
  expect(new Set(plain.types())).toEqual(new Set(['session_status_update']))

  // one that comes later hears it too, under the ids that HTTP told
  await using late = await connect()
  const task = await fetch(`${daemon.url}/sessions/${id}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sessionId: id, task: { type: 'code', description: 'say more' } }),
  })
  const { taskId } = JSON.parse(await task.text())
  expect((await late.next('task_completed')).payload).toEqual({ sessionId: id, taskId, result: 'say more' })
  expect(textOf(late.all)).toBe('more')
})
