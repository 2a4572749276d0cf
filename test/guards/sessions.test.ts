// What a session that runs here did is told by the daemon alone.

import { expect, test } from 'bun:test'
import { errorOf } from '../support/errors.ts'
import { createHttp } from '../support/http.ts'
import { openSessions, storedOf } from '../support/sessions.ts'

const timeout = 60_000

test(
  'nobody else says what a session did: not over a socket, over HTTP, as a hook, or where nobody keeps it',
  async () => {
    await using sessions = await openSessions({ args: ['--listen', '127.0.0.1:0,auth=none'] })
    const { connection, directory } = sessions
    const { id, told } = await sessions.spawn('wait')
    using _ = told
    const { message } = await told.next('message.seen')
    const before = await storedOf(connection, id)
    const refused = { code: 'reserved_channel' }
    const channel = `session:${id}`
    const forged = { turn: 'turn_1', message, ok: true, result: 'forged', costUsd: 0 }
    for (const type of ['turn.finished', 'session.ended', 'permission.answered', 'message.said'])
      expect(await errorOf(connection.call('event.publish', { channel, type, data: forged }))).toMatchObject(
        refused,
      )
    const chunk = { channel, type: 'session.chunk', data: { text: 'forged' }, transient: true }
    expect(await errorOf(connection.call('event.publish', chunk))).toMatchObject(refused)
    const batch = {
      events: [
        { channel, type: 'mine' },
        { channel, type: 'session.lost' },
      ],
    }
    expect(await errorOf(connection.call('event.publish', batch))).toMatchObject(refused)
    const ghost = { channel: 'session:ghost', type: 'session.spawned' }
    expect(await errorOf(connection.call('event.publish', ghost))).toMatchObject(refused)
    const http = createHttp(sessions.url)
    const posted = { type: 'turn.finished', metadata: { sessionId: id } }
    expect((await http.post('/events', posted)).status).toBe(403)
    const hook = { hook_event_name: 'session.ended', session_id: id, cwd: directory }
    expect((await http.post('/hooks/claude', hook)).status).toBe(403)
    expect(await storedOf(connection, id)).toEqual(before)

    // what hooks and others tell goes on
    await connection.call('event.publish', { channel, type: 'deploy' })
    expect((await http.post('/hooks/claude', { ...hook, hook_event_name: 'Stop' })).status).toBe(200)
    const elsewhere = { channel: 'session:elsewhere', type: 'turn.finished', data: {} }
    await connection.call('event.publish', elsewhere)
    const types = (await storedOf(connection, id)).map(({ type }) => type)
    expect(types.slice(before.length)).toEqual(['deploy', 'Stop'])
  },
  timeout,
)
