// The orchestrator daemon's protocol, case by case: how sessions are stopped and found again, and what the daemon counts.
// The numbers are those of the contract.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync, rmSync } from 'node:fs'
import { temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { openOldClient } from '../support/orchestrator.ts'
import { livingIn, startWithClaude } from '../support/sessions.ts'

const args = ['--listen', '127.0.0.1:0,auth=none']
const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z$/)

let daemon: TestDaemon
beforeAll(async () => {
  daemon = await startWithClaude({ args, config: { sessions: { max: 30, stopSeconds: 2 } } })
}, 30_000)
afterAll(() => daemon.stop())

const connect = () => openOldClient(daemon.url)

describe('a stop', () => {
  test('39, 41: ends the process, and is told once to each socket, whoever stops', async () => {
    await using client = await connect()
    await using other = await connect()
    const { id } = await client.spawn('say hello\nchild\nwait')
    await client.next('stream_chunk')
    const { stdout } = await daemon.run(['call', 'session.get', JSON.stringify({ id })])
    const { pid } = JSON.parse(stdout).session
    other.stop(id)
    const { session } = await other.status('terminated', id)
    expect(session).toMatchObject({ endedAt: iso, task: { status: 'cancelled' } })
    expect(livingIn(pid)).toEqual([])
    await client.status('terminated', id)
    const after = (frames: { type: string; session?: { status: string } }[]) =>
      frames.slice(frames.findIndex((frame) => frame.session?.status === 'terminated') + 1)
    expect(after(await client.settle())).toEqual([])
    expect(after(await other.settle())).toEqual([])
    const statuses = client.all
      .filter(({ type }) => type === 'session_status_update')
      .map((f) => f['session'].status)
    expect(statuses).toEqual(['running', 'terminated'])
  }, 30_000)

  test('39: who stops what it follows is told of it once, and nothing after', async () => {
    await using client = await connect()
    const { id } = await client.spawn('say hello\nwait')
    await client.next('stream_chunk')
    client.stop(id)
    await client.status('terminated', id)
    const types = (await client.settle()).map(({ type }) => type)
    expect(types.slice(types.lastIndexOf('stream_chunk') + 1)).toEqual(['session_status_update'])
  })

  test('40: stopped twice, it is terminated still', async () => {
    await using client = await connect()
    const { id } = await client.spawn('wait')
    await client.status('running', id)
    client.stop(id)
    const first = (await client.status('terminated', id)).session
    client.stop(id)
    expect((await client.status('terminated', id)).session).toMatchObject({ endedAt: first.endedAt })
  })

  test('a connection goes on being answered while it waits for a stop', async () => {
    await using client = await connect()
    const { id } = await client.spawn('deaf\nsay deaf\nwait')
    await client.next('stream_chunk')
    client.stop(id)
    client.send({ type: 'ping', id: 'meanwhile' })
    expect(await client.next('pong')).toEqual({ type: 'pong', id: 'meanwhile' })
    await client.status('terminated', id)
  })
})

describe('who looks', () => {
  test('28: a task that its daemon did not outlive has failed, and so have those behind it', async () => {
    const home = temporaryHome()
    const before = await startWithClaude({ home, args })
    const first = await openOldClient(before.url)
    const { id } = await first.spawn('say one\nwait')
    await first.next('stream_chunk')
    first.execute(id, 'say two')
    await first.settle()
    await before.kill('SIGKILL')
    await using after = await startWithClaude({ home, args })
    await using client = await openOldClient(after.url)
    for (let status = ''; status !== 'failed';) {
      client.look(id)
      status = (await client.next('session_status_update')).session.status
    }
    const mark = (await client.settle()).length
    client.look(id, { since: 0 })
    await client.next('task_failed')
    await client.next('task_failed')
    const told = client.all.slice(mark + 1)
    expect(told.map(({ type, data }) => data?.chunk ?? type)).toEqual([
      'task_executing',
      'stream_start',
      'one',
      'stream_end',
      'task_failed',
      'task_failed',
    ])
    const ids = told.filter(({ type }) => type.startsWith('task_')).map(({ taskId }) => taskId)
    expect(ids[1]).toBe(ids[0])
    expect(ids[2]).not.toBe(ids[0])
    await after.stop()
    rmSync(home, { recursive: true, force: true })
  }, 30_000)

  test('28: a session outlives who spawned it; list_sessions shows it, and since reads back what it said', async () => {
    const first = await connect()
    const { id } = await first.spawn('say one\nsay two')
    await first[Symbol.asyncDispose]()
    await using client = await connect()
    client.look(id)
    const shown = (await client.next('session_status_update')).session
    if (shown.status !== 'completed') await client.status('completed', id)
    client.send({ type: 'list_sessions' })
    expect((await client.next('sessions_list')).sessions).toContainEqual(
      expect.objectContaining({ id, status: 'completed' }),
    )
    await using late = await connect()
    late.look(id, { since: 0 })
    await late.next('task_completed')
    const told = await late.settle()
    expect(told.map(({ type, data }) => data?.chunk ?? type)).toEqual([
      'session_status_update',
      'task_executing',
      'stream_start',
      'one',
      'two',
      'stream_end',
      'task_completed',
    ])
    const { seq } = told.find(({ type }) => type === 'stream_end')?.['metadata'] ?? {}
    late.look(id, { since: seq })
    expect((await late.settle()).slice(told.length)).toHaveLength(0)
  })

  test('42: list_sessions shows all, and none that was not spawned', async () => {
    await using client = await connect()
    const { id } = await client.spawn('work')
    await daemon.run(['emit', 'Stop', '{}', '--session', 'heard-only'])
    client.send({ type: 'list_sessions' })
    const { sessions } = await client.next('sessions_list')
    const ids = sessions.map((each: { id: string }) => each.id)
    expect(ids).toContain(id)
    expect(ids).not.toContain('heard-only')
    client.look('heard-only')
    expect((await client.next('error')).error).toBe('Session not found: heard-only')
  })
})

test('27: no more sessions than may run, and one more when one has ended', async () => {
  await using few = await startWithClaude({ args, config: { sessions: { max: 2 } } })
  await using client = await openOldClient(few.url)
  const { id } = await client.spawn('wait')
  await client.spawn('wait')
  client.send({ type: 'spawn_session', payload: { task: 'third' } })
  expect(await client.next('error')).toEqual({
    type: 'error',
    error: 'Maximum session limit reached (2). Cannot spawn new session.',
  })
  client.stop(id)
  await client.status('terminated', id)
  expect(await client.spawn('third')).toMatchObject({ status: 'initializing' })
}, 30_000)

test('43: the daemon counts what was done', async () => {
  await using counting = await startWithClaude({ args })
  await using client = await openOldClient(counting.url)
  const good = await client.spawn('work')
  await client.status('completed', good['id'])
  const bad = await client.spawn('crash 1')
  await client.status('failed', bad['id'])
  client.send({ type: 'daemon_status' })
  const { status } = await client.next('daemon_status_update')
  expect(status).toMatchObject({ activeSessions: 0, queuedTasks: 0 })
  expect(status.metrics).toMatchObject({
    totalSessionsSpawned: 2,
    totalTasksProcessed: 2,
    totalTokensUsed: 18,
    successRate: 0.5,
  })
  expect(status.metrics.averageSessionDuration).toBeGreaterThan(0)
}, 30_000)

test('8: a daemon that stops ends its sessions', async () => {
  const ending = await startWithClaude({ args })
  const client = await openOldClient(ending.url)
  const { id } = await client.spawn('child\nwait')
  await client.status('running', id)
  const { stdout } = await ending.run(['call', 'session.get', JSON.stringify({ id })])
  await ending.kill('SIGTERM')
  expect(livingIn(JSON.parse(stdout).session.pid)).toEqual([])
  expect(readdirSync(ending.home)).not.toContain('paid.sock')
  await ending.stop()
}, 30_000)
