// `/clear` in a managed session: the same process goes on with another conversation, under another id of Claude's own.

import { expect, test } from 'bun:test'
import { openSessions } from '../support/sessions.ts'

const timeout = 60_000

test(
  'it stays one session with one cost, is found by either id, and is resumed in the conversation it was in',
  async () => {
    await using sessions = await openSessions()
    const { connection, get, run, directory } = sessions
    const { id, told } = await sessions.spawn('before')
    using _ = told
    await told.next('turn.finished')
    await connection.call('session.send', { id, text: '/clear' })
    const { conversation, before } = await told.next('session.cleared')
    expect([before, conversation]).toEqual([id, expect.stringMatching(/^[\da-f-]{36}$/)])
    expect(await told.next('turn.finished')).toMatchObject({ ok: true })
    await connection.call('session.send', { id: String(conversation), text: 'after' })
    expect(await told.next('turn.finished')).toMatchObject({ result: 'heard: after', costUsd: 0.01 })
    expect(await get(id)).toMatchObject({ id, conversation, turns: 3, costUsd: 0.02 })

    // what its hooks tell from now on is of that conversation
    const hook = { hook_event_name: 'SessionStart', session_id: conversation, cwd: directory }
    expect(await run(['hook'], { stdin: JSON.stringify(hook) })).toMatchObject({ code: 0 })
    const { sessions: listed } = await connection.call('session.list', {})
    expect(listed.map((session) => session.id)).toEqual([id])
    for (const name of [String(conversation), String(conversation).slice(0, 13)])
      expect(await get(name)).toMatchObject({ id, kind: 'managed' })

    await connection.call('session.stop', { id })
    await connection.call('session.resume', { id: String(conversation), prompt: 'line {"type":"goes on"}' })
    await told.next('session.resumed')
    await told.next('session.raw')
    await told.next('turn.finished', ({ ok }) => ok)
    expect(await get(id)).toMatchObject({ id, conversation })
    const others = told.told.filter(({ type }) => type === 'session.cleared')
    expect(others).toHaveLength(1)
  },
  timeout,
)
