// The photon daemon protocol's client, function by function, against `paid start --photon NAME`.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  acquireLock,
  listJobs,
  listLocks,
  PaidError,
  pingDaemon,
  publishToChannel,
  releaseLock,
  scheduleJob,
  subscribeChannel,
  unscheduleJob,
} from '../../src/client/photon.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { createInbox } from '../support/inbox.ts'
import { openSocket } from '../support/socket.ts'

const photons = ['--photon', 'kanban', '--photon', 'notes']
const config = { channels: { stored: ['log:*', 'log:kept'] } }

let home: string
let daemon: TestDaemon
beforeAll(async () => {
  home = temporaryHome()
  daemon = await startDaemon({ home, args: photons, config })
  process.env['PHOTON_SOCKET_DIR'] = join(home, '.photon/daemons')
})
afterAll(async () => {
  delete process.env['PHOTON_SOCKET_DIR']
  await daemon?.stop()
  rmSync(home, { recursive: true, force: true })
})

/** Another process, as far as the daemon can tell: another socket and another session. */
const asOther = async (frame: object): Promise<unknown> => {
  await using socket = await openSocket(join(home, '.photon/daemons/kanban.sock'))
  await socket.write(`${JSON.stringify({ id: 'x', sessionId: 'other', ...frame })}\n`)
  const answer: unknown = JSON.parse(await socket.lines.next())
  return answer
}

const messagesOf = async (photon: string, channel: string) => {
  const messages = createInbox<unknown>()
  const unsubscribe = await subscribeChannel(photon, channel, messages.push)
  return { messages, unsubscribe }
}

describe('channels', () => {
  test('carry messages of every kind of JSON to who subscribed, in order', async () => {
    const { messages, unsubscribe } = await messagesOf('kanban', 'board:a')
    const sent = [
      { event: 'task-moved', taskId: '1' },
      [1, 'é日本'],
      'text',
      12.5,
      false,
      null,
      'x'.repeat(300_000),
    ]
    for (const message of sent) await publishToChannel('kanban', 'board:a', message)
    expect(await messages.take(sent.length)).toEqual(sent)
    unsubscribe()
  })

  test('of another name, or of another photon, are not heard', async () => {
    const { messages, unsubscribe } = await messagesOf('kanban', 'board:b')
    await publishToChannel('kanban', 'board:other', 1)
    await publishToChannel('notes', 'board:b', 2)
    await publishToChannel('kanban', 'board:b', 3)
    expect(await messages.next()).toBe(3)
    unsubscribe()
  })

  test('are heard no more after unsubscribing', async () => {
    const left = await messagesOf('kanban', 'board:c')
    const stays = await messagesOf('kanban', 'board:c')
    left.unsubscribe()
    await publishToChannel('kanban', 'board:c', 1)
    expect(await stays.messages.next()).toBe(1)
    expect(left.messages.all).toEqual([])
    stays.unsubscribe()
  })
})

describe('locks', () => {
  test('are had, taken again by this process, listed, and given back', async () => {
    const before = Date.now()
    expect(await acquireLock('kanban', 'write', 60_000)).toBe(true)
    expect(await acquireLock('kanban', 'write', 60_000)).toBe(true)
    const [lock, ...more] = await listLocks('kanban')
    expect(more).toEqual([])
    expect(lock).toEqual({
      name: 'write',
      holder: expect.stringMatching(/^cli-\d+-[0-9a-f]{8}$/),
      acquiredAt: expect.any(Number),
      expiresAt: expect.any(Number),
    })
    expect(lock?.expiresAt).toBeGreaterThanOrEqual(before + 60_000)
    expect(await listLocks('notes')).toEqual([])
    expect(await releaseLock('kanban', 'write')).toBe(true)
    expect(await listLocks('kanban')).toEqual([])
    expect(await releaseLock('kanban', 'write')).toBe(true)
  })

  test('of another process are not had, and not given back by us', async () => {
    expect(await asOther({ type: 'lock', lockName: 'theirs' })).toMatchObject({ data: { acquired: true } })
    expect(await acquireLock('kanban', 'theirs')).toBe(false)
    expect(await releaseLock('kanban', 'theirs')).toBe(false)
    await asOther({ type: 'unlock', lockName: 'theirs' })
    expect(await acquireLock('kanban', 'theirs')).toBe(true)
    expect(await asOther({ type: 'lock', lockName: 'theirs' })).toMatchObject({ data: { acquired: false } })
    expect(await releaseLock('kanban', 'theirs')).toBe(true)
  })

  test('that cannot be are errors', async () => {
    const error = await acquireLock('kanban', 'x', -5).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(PaidError)
    expect(error).toMatchObject({ code: 'bad_request' })
  })
})

describe('jobs', () => {
  test('are scheduled, listed and unscheduled', async () => {
    const before = Date.now()
    const args = { maxAge: 604_800 }
    const result = await scheduleJob('kanban', 'daily-cleanup', 'cleanupOldTasks', '0 0 * * *', args)
    expect(result).toEqual({ scheduled: true, nextRun: expect.any(Number) })
    expect(result.nextRun).toBeGreaterThan(before)
    const [job, ...others] = await listJobs('kanban')
    expect(others).toEqual([])
    expect(job).toEqual({
      id: 'daily-cleanup',
      method: 'cleanupOldTasks',
      args,
      cron: '0 0 * * *',
      runCount: 0,
      createdAt: expect.any(Number),
      createdBy: expect.any(String),
      nextRun: result.nextRun ?? 0,
    })
    expect(await listJobs('notes')).toEqual([])
    expect(await unscheduleJob('notes', 'daily-cleanup')).toBe(false)
    expect(await unscheduleJob('kanban', 'daily-cleanup')).toBe(true)
    expect(await unscheduleJob('kanban', 'daily-cleanup')).toBe(false)
    expect(await listJobs('kanban')).toEqual([])
  })

  test('that have no cron expression are refused with the reason', async () => {
    expect(await scheduleJob('kanban', 'x', 'm', 'every day')).toEqual({
      scheduled: false,
      reason: 'Invalid cron expression',
    })
    expect(await listJobs('kanban')).toEqual([])
  })

  test('are all listed, however many they are', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => `job ${String(n).padStart(2, '0')}`)
    for (const id of ids) await scheduleJob('notes', id, 'm', '0 0 1 1 *', { text: 'x'.repeat(4000) })
    expect((await listJobs('notes')).map(({ id }) => id)).toEqual(ids)
  })
})

describe('a daemon', () => {
  test('answers a ping or does not', async () => {
    expect(await pingDaemon('kanban')).toBe(true)
    expect(await pingDaemon('nobody')).toBe(false)
  })

  test('that does not run is an error to every other call, and so is a name that is a path', async () => {
    const code = async (promise: Promise<unknown>) => await promise.catch((error: unknown) => error)
    for (const failing of [
      publishToChannel('nobody', 'a', 1),
      acquireLock('nobody', 'a'),
      listLocks('nobody'),
      listJobs('nobody'),
      subscribeChannel('nobody', 'a', () => {}),
    ])
      expect(await code(failing)).toMatchObject({ code: 'not_running' })
    expect(await code(pingDaemon('../kanban'))).toMatchObject({ code: 'bad_request' })
  })

  test('that is killed and started again is subscribed anew; what was stored meanwhile is not missed', async () => {
    const { messages, unsubscribe } = await messagesOf('kanban', 'log:kept')
    await publishToChannel('kanban', 'log:kept', 1)
    expect(await messages.next()).toBe(1)
    await daemon.kill('SIGKILL')
    daemon = await startDaemon({ home, args: photons, config })
    await publishToChannel('kanban', 'log:kept', 2)
    await publishToChannel('kanban', 'log:kept', 3)
    expect(await messages.take(2)).toEqual([2, 3])
    expect(messages.all).toEqual([1, 2, 3])
    unsubscribe()
  })

  test('that ends before a first message came is resumed where it was subscribed to', async () => {
    const { messages, unsubscribe } = await messagesOf('kanban', 'log:early')
    await daemon.kill('SIGKILL')
    // to this one the client finds no way back
    daemon = await startDaemon({ home, config })
    await using socket = await openSocket(daemon.socket)
    const publish = { type: 'publish', id: 'p', photonName: 'kanban', channel: 'log:early' }
    for (const message of [1, 2]) await socket.write(`${JSON.stringify({ ...publish, message })}\n`)
    expect(JSON.parse(await socket.lines.next())).toMatchObject({ success: true })
    expect(JSON.parse(await socket.lines.next())).toMatchObject({ success: true })
    await daemon.stop()
    daemon = await startDaemon({ home, args: photons, config })
    expect(await messages.take(2)).toEqual([1, 2])
    await publishToChannel('kanban', 'log:early', 3)
    expect(await messages.next()).toBe(3)
    unsubscribe()
  })
})
