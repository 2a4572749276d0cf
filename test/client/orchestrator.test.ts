// The orchestrator's client against the daemon: its connection, and what it tells of sessions. The numbers are those of
// the contract.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { webSocketLine } from '../../src/client/lines/websocket.ts'
import { getDaemonClient } from '../../src/client/orchestrator.ts'
import { createDaemonClient } from '../../src/client/orchestrator/daemon-client.ts'
import type { TestDaemon } from '../support/daemon.ts'
import { createCutLine, createWaits } from '../support/server-line.ts'
import { startWithClaude } from '../support/sessions.ts'

let daemon: TestDaemon
beforeAll(async () => {
  daemon = await startWithClaude({ args: ['--listen', '127.0.0.1:0,auth=none'] })
}, 30_000)
afterAll(() => daemon.stop())

const connected = async () => {
  const line = createCutLine(webSocketLine(daemon.url, undefined))
  const waits = createWaits()
  const client = createDaemonClient(line.open, waits.later)
  const told: unknown[][] = []
  const events = [
    'connected',
    'disconnected',
    'reconnecting',
    'error',
    'session_spawned',
    'task_executing',
  ] as const
  const streams = ['stream_start', 'stream_chunk', 'stream_end', 'task_completed', 'task_failed'] as const
  for (const event of [...events, ...streams]) client.on(event, (...args) => void told.push([event, ...args]))
  const until = async (event: string, count = 1): Promise<void> => {
    while (told.filter(([name]) => name === event).length < count) await Bun.sleep(5)
  }
  await client.connect()
  return { line, waits, client, told, until, names: () => told.map(([name]) => name) }
}

const spawn = { orchestratorId: 'vp_123', task: { type: 'code', description: 'some words to hear' } }

const textOf = (told: unknown[][]): string =>
  told
    .filter(([name]) => name === 'stream_chunk')
    .map(([, chunk]) => Object(chunk).chunk)
    .join('')

describe('the client', () => {
  test('51: spawns, hears the stream, gives tasks, asks for both statuses, and stops', async () => {
    const { client, told, until, names } = await connected()
    const session = await client.spawnSession(spawn)
    expect(session).toMatchObject({ orchestratorId: 'vp_123', status: 'initializing' })
    await until('task_completed')
    expect(textOf(told)).toBe('heard: some words to hear')
    expect(names().filter((name) => name !== 'stream_chunk')).toEqual([
      'connected',
      'session_spawned',
      'task_executing',
      'stream_start',
      'stream_end',
      'task_completed',
    ])
    expect(told.at(-1)).toEqual([
      'task_completed',
      session.id,
      expect.stringMatching(/^task_/),
      'heard: some words to hear',
    ])
    await client.executeTask({ sessionId: session.id, task: 'more' })
    await until('task_completed', 2)
    expect(textOf(told)).toBe('heard: some words to hearheard: more')
    expect((await client.getSessionStatus(session.id)).id).toBe(session.id)
    expect((await client.getDaemonStatus()).status).toBe('running')
    await client.stopSession(session.id)
    expect(client.state.current().sessions).toEqual([])
    expect(client.executeTask({ sessionId: session.id, task: 'more' })).rejects.toThrow('not running')
    expect(client.getSessionStatus('nobody')).rejects.toThrow('Session not found: nobody')
    await client.getDaemonStatus()
    client.disconnect()
  }, 30_000)

  test('what a page does not wait for and goes wrong is an event, and nothing that nobody handles', async () => {
    const { client, told, until } = await connected()
    void client.stopSession('nobody')
    void client.getSessionStatus('nobody')
    void client.executeTask({ sessionId: 'nobody', task: 'more' })
    await until('error', 3)
    client.disconnect()
    void client.getDaemonStatus()
    await until('error', 4)
    const errors = told.filter(([name]) => name === 'error').map(([, error]) => Object(error).message)
    const nobody = 'Session not found: nobody'
    expect(errors).toEqual([nobody, nobody, nobody, 'Not connected to daemon'])
    expect(client.state.current().error).toBe(Object(told.at(-1))[1])
  })

  test('55: tries again after 3, 6, 12 seconds, ten times, and counts anew after a success', async () => {
    const { client, line, waits, told, until } = await connected()
    const attempts = async (count: number): Promise<number[]> => {
      const after: number[] = []
      for (let n = 1; n <= count; n++) {
        after.push(...waits.pending)
        waits.pass()
        await until('error', n)
      }
      return after
    }
    line.refuse(true)
    line.cut()
    expect(await attempts(2)).toEqual([3000, 6000])
    line.refuse(false)
    waits.pass()
    await until('connected', 2)
    told.length = 0
    line.refuse(true)
    line.cut()
    expect(await attempts(10)).toEqual(Array.from({ length: 10 }, (_, n) => 3000 * 2 ** n))
    expect(told.filter(([name]) => name === 'reconnecting').map(([, n]) => n)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ])
    expect(waits.pending).toEqual([])
    expect(client.isConnected()).toBe(false)
    expect(client.spawnSession(spawn)).rejects.toThrow('Not connected to daemon')
  }, 30_000)

  test('55: stays disconnected when told', async () => {
    const { client, line, waits, names } = await connected()
    client.disconnect()
    expect(waits.pending).toEqual([])
    line.refuse(true)
    await client.connect().catch(() => {})
    expect(waits.pending).toEqual([3000])
    client.disconnect()
    expect([waits.pending, client.isConnected(), names()]).toEqual([
      [],
      false,
      ['connected', 'disconnected', 'error'],
    ])
  })

  test('55: what was missed while it was away is told once', async () => {
    const { client, line, waits, told, until, names } = await connected()
    const { id } = await client.spawnSession({ ...spawn, task: 'say one two \ntool Ask {}\nsay three' })
    await until('stream_chunk')
    while (client.state.current().sessions[0]?.status !== 'paused') await Bun.sleep(5)
    line.cut()
    const request = await daemon.run(['call', 'session.answer', JSON.stringify({ id, allow: true })])
    expect(request.code).toBe(0)
    while (!(await daemon.run(['call', 'session.get', JSON.stringify({ id })])).stdout.includes('"idle"'))
      await Bun.sleep(20)
    waits.pass()
    await until('task_completed')
    expect(textOf(told)).toBe('one two three')
    line.cut()
    waits.pass()
    await until('connected', 3)
    await client.getSessionStatus(id)
    await client.getDaemonStatus()
    for (const name of ['task_executing', 'stream_start', 'stream_end', 'task_completed'])
      expect(names().filter((each) => each === name)).toHaveLength(1)
    expect(textOf(told)).toBe('one two three')
    client.disconnect()
  }, 30_000)

  test('55: also of a task that it first heard of in the middle', async () => {
    const first = await connected()
    const { client, line, waits, told, until, names } = await connected()
    const task = 'say one \ntool Ask {}\nsay two \ntool Ask {}\nsay three \ntool Ask {}\nsay four'
    const { id } = await first.client.spawnSession({ ...spawn, task })
    const statusOf = ({ state }: typeof client) =>
      state.current().sessions.find((each) => each.id === id)?.status
    const paused = async (of = client): Promise<void> => {
      while (statusOf(of) !== 'paused') await Bun.sleep(5)
    }
    const allow = async (): Promise<void> => {
      const { code } = await daemon.run(['call', 'session.answer', JSON.stringify({ id, allow: true })])
      expect(code).toBe(0)
    }
    const cut = async (times: number): Promise<void> => {
      line.cut()
      waits.pass()
      await until('connected', times)
      await client.getSessionStatus(id)
      await client.getDaemonStatus()
    }
    await paused(first.client)
    expect((await client.getSessionStatus(id)).status).toBe('paused')
    await allow()
    while (textOf(told) !== 'two ') await Bun.sleep(5)
    await paused()
    await cut(2)
    await cut(3)
    expect(textOf(told)).toBe('two ')
    await allow()
    while (textOf(told) !== 'two three ') await Bun.sleep(5)
    await paused()
    line.cut()
    await allow()
    await first.until('task_completed')
    waits.pass()
    await until('task_completed')
    expect(textOf(told)).toBe('two three four')
    await cut(5)
    expect(textOf(told)).toBe('two three four')
    for (const name of ['stream_start', 'stream_end', 'task_completed'])
      expect([name, names().filter((each) => each === name).length]).toEqual([name, 1])
    first.client.disconnect()
    client.disconnect()
  }, 30_000)

  test('is the same one for whoever asks', () => {
    expect(getDaemonClient('ws://127.0.0.1:1')).toBe(getDaemonClient('ws://127.0.0.1:1'))
    expect(getDaemonClient()).toBe(getDaemonClient('ws://127.0.0.1:1'))
  })
})
