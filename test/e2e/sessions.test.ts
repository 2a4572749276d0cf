// Managed sessions with the compiled binary and a scripted Claude Code: what goes in, what comes out, and the end.

import { expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openConnection } from '../../src/client/connection.ts'
import { isAlive, listenTo, startWithClaude, storedOf } from '../support/sessions.ts'

const timeout = 60_000

/** A daemon, a connection to it and a folder to work in. */
const open = async (options: Parameters<typeof startWithClaude>[0] = {}) => {
  const daemon = await startWithClaude(options)
  const directory = join(daemon.home, 'project')
  mkdirSync(directory, { recursive: true })
  const connection = await openConnection(daemon.socket)
  return {
    ...daemon,
    directory,
    connection,
    [Symbol.asyncDispose]: async () => {
      connection.close()
      await daemon.stop()
      rmSync(daemon.home, { recursive: true, force: true })
    },
  }
}

test(
  'a session is spawned, streams, and is idle when its turn is over',
  async () => {
    await using daemon = await open()
    const { connection, directory } = daemon
    const asked = { prompt: 'say Hello there, and welcome to all of you', directory, title: 'Greeting' }
    const { session, message } = await connection.call('session.spawn', asked)
    expect(session).toMatchObject({ kind: 'managed', status: 'initializing', directory, title: 'Greeting' })
    using told = await listenTo(daemon, session.id)
    await told.next('turn.finished')
    await told.next('session.status', ({ status }) => status === 'idle')
    const stored = await storedOf(connection, session.id)
    expect(stored.map(({ type }) => type)).toEqual(
      [
        'session.spawned',
        'message.queued',
        'session.status',
        'message.delivered',
        'turn.started',
        'message.seen',
        'message.said',
        'turn.finished',
        'session.status',
      ],
    )
    const chunks = told.told.filter(({ type }) => type === 'session.chunk')
    expect(chunks.map(({ data }) => data['index'])).toEqual([0, 1])
    expect(chunks.map(({ data }) => data['text']).join('')).toBe('Hello there, and welcome to all of you')
    expect(await connection.call('session.wait', { id: session.id, message: message ?? '' })).toMatchObject({
      ok: true,
      result: asked.prompt,
      costUsd: 0.01,
    })
    const { session: now } = await connection.call('session.get', { id: session.id.slice(0, 8) })
    expect(now).toMatchObject({
      status: 'idle',
      model: 'scripted-1',
      turns: 1,
      costUsd: 0.01,
      tokens: { input: 10, output: 5, cacheRead: 2, cacheWrite: 1 },
    })
  },
  timeout,
)
