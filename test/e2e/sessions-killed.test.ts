// A daemon that is killed in the middle of ten sessions; and twenty that stream at once.

import { expect, test } from 'bun:test'
import { processesBelow } from '../../src/lib/processes.ts'
import { isAlive, listenTo, livingIn, openSessions, storedOf } from '../support/sessions.ts'

const timeout = 120_000

test(
  'kill -9 in the middle of ten sessions: nothing runs on, nothing stored is lost, each can be resumed',
  async () => {
    await using sessions = await openSessions()
    const ten = await Promise.all(
      Array.from({ length: 10 }, (_, n) => sessions.spawn(`say one of ${n}\nchild\napart\ntool Bash {}`)),
    )
    for (const { id, told } of ten) {
      await told.next('permission.requested')
      await sessions.connection.call('session.send', { id, text: 'later' })
    }
    const pids = await Promise.all(ten.map(async ({ id }) => (await sessions.get(id))?.pid ?? 0))
    const before = await Promise.all(ten.map(({ id }) => storedOf(sessions.connection, id)))
    expect(pids.every(isAlive)).toBe(true)
    const below = pids.flatMap(processesBelow)
    await sessions.kill('SIGKILL')
    for (const { told } of ten) told[Symbol.dispose]()

    await using again = await openSessions({ home: sessions.home })
    for (const [n, { id }] of ten.entries()) {
      using told = await listenTo(again, id)
      await told.next('session.lost')
      const stored = await storedOf(again.connection, id)
      expect(stored.slice(0, before[n]?.length)).toEqual(before[n] ?? [])
      // what it had not seen is told of; what it waited for was allowed by nobody
      expect(stored.slice(before[n]?.length).map(({ type }) => type)).toEqual([
        'message.expired',
        'session.lost',
      ])
      expect(livingIn(pids[n] ?? 0)).toEqual([])
      expect(await again.get(id)).toMatchObject({ status: 'lost', turns: 1 })
    }
    expect(below.filter(({ pid }) => isAlive(pid))).toEqual([])
    await Promise.all(
      ten.map(async ({ id }) => {
        using told = await listenTo(again, id)
        await again.connection.call('session.resume', { id, prompt: 'go on' })
        await told.next('session.resumed')
        expect(await told.next('turn.finished')).toMatchObject({ ok: true, result: 'heard: go on' })
      }),
    )
  },
  timeout,
)

test(
  'twenty sessions stream at once: every piece comes, in its order',
  async () => {
    await using sessions = await openSessions({
      config: {
        sessions: { max: 20 },
        subscriptions: { maxUnsentEvents: 100_000, maxUnsentBytes: 100_000_000 },
      },
    })
    const pieces = 500
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { id, told } = await sessions.spawn()
        using _ = told
        await told.next('session.status', ({ status }) => status === 'idle')
        await sessions.connection.call('session.send', { id, text: `chunks ${pieces}` })
        await told.next('turn.finished')
        const chunks = told.told.filter(({ type }) => type === 'session.chunk')
        const wanted = Array.from({ length: pieces }, (_, index) => ({ index, text: `${index} ` }))
        expect(chunks.map(({ data }) => ({ index: data['index'], text: data['text'] }))).toEqual(wanted)
      }),
    )
  },
  timeout,
)
