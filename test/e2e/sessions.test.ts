// Managed sessions with the compiled binary and a scripted Claude Code: what goes in and what comes out.

import { expect, test } from 'bun:test'
import { errorOf } from '../support/errors.ts'
import { openSessions, storedOf } from '../support/sessions.ts'

const timeout = 60_000

test(
  'a session streams what it says, and is idle when its turn is over',
  async () => {
    await using sessions = await openSessions()
    const { id, message, told } = await sessions.spawn('say Hello there, and welcome to all of you')
    using _ = told
    await told.next('session.status', ({ status }) => status === 'idle')
    expect((await storedOf(sessions.connection, id)).map(({ type }) => type)).toEqual([
      'session.spawned',
      'message.queued',
      'message.delivered',
      'session.status',
      'turn.started',
      'message.seen',
      'message.said',
      'turn.finished',
      'session.status',
    ])
    const chunks = told.told.filter(({ type }) => type === 'session.chunk')
    expect(chunks.map(({ data }) => data['index'])).toEqual([0, 1])
    expect(chunks.map(({ data }) => data['text']).join('')).toBe('Hello there, and welcome to all of you')
    expect(chunks.every(({ transient }) => transient)).toBe(true)
    const answer = { ok: true, result: 'say Hello there, and welcome to all of you', costUsd: 0.01 }
    expect(await sessions.connection.call('session.wait', { id, message })).toMatchObject(answer)
    expect(await sessions.get(id.slice(0, 8))).toMatchObject({
      kind: 'managed',
      status: 'idle',
      directory: sessions.directory,
      model: 'scripted-1',
      turns: 1,
      costUsd: 0.01,
      tokens: { input: 10, output: 5, cacheRead: 2, cacheWrite: 1 },
    })
  },
  timeout,
)

test(
  'what is said to a busy session waits for its turn, a note goes with the next, and each has its receipt',
  async () => {
    await using sessions = await openSessions()
    const { id, told } = await sessions.spawn('wait')
    using _ = told
    await told.next('turn.started')
    const { connection } = sessions
    const second = await connection.call('session.send', { id, text: 'second' })
    const note = await connection.call('session.send', { id, text: 'noted', urgency: 'note' })
    const third = await connection.call('session.send', { id, text: 'third' })
    expect(await sessions.get(id)).toMatchObject({ status: 'running', queued: 3 })
    expect(await connection.call('session.interrupt', { id })).toEqual({ interrupted: true })
    expect(await told.next('turn.finished')).toMatchObject({ ok: false, interrupted: true })
    const seen = await told.next('message.seen', ({ message }) => message === note.message)
    expect(await told.next('message.seen')).toEqual({ ...seen, message: second.message })
    expect(await told.next('turn.finished')).toMatchObject({
      message: second.message,
      result: 'heard: noted + second',
    })
    expect(await told.next('turn.finished')).toMatchObject({ message: third.message, result: 'heard: third' })
    const receipts = told.told.filter(({ data }) => data['message'] === third.message)
    expect(receipts.map(({ type }) => type)).toEqual([
      'message.queued',
      'message.delivered',
      'turn.started',
      'message.seen',
      'turn.finished',
    ])
  },
  timeout,
)

test(
  'no more waits than may: messages of a busy session, and notes of one that is asked nothing',
  async () => {
    await using sessions = await openSessions()
    const { connection } = sessions
    const busy = { code: 'busy', message: '100 messages wait for this session already' }
    const working = await sessions.spawn('wait')
    await working.told.next('turn.started')
    const idle = await sessions.spawn()
    await idle.told.next('session.status', ({ status }) => status === 'idle')
    for (const [{ id }, urgency] of [
      [working, 'next-turn'],
      [idle, 'note'],
    ] as const) {
      for (let n = 0; n < 100; n++) await connection.call('session.send', { id, text: `${n}`, urgency })
      expect(await errorOf(connection.call('session.send', { id, text: 'x', urgency }))).toMatchObject(busy)
    }
    // what is asked takes the notes with it
    await connection.call('session.send', { id: idle.id, text: 'now then' })
    expect(await idle.told.next('turn.finished')).toMatchObject({
      result: expect.stringMatching(/^heard: 0 \+ 1 .* \+ 99 \+ now then$/),
    })
    await connection.call('session.send', { id: idle.id, text: 'y', urgency: 'note' })
    for (const { told } of [working, idle]) told[Symbol.dispose]()
  },
  timeout,
)

test(
  'what is urgent interrupts the turn and comes before what waits',
  async () => {
    await using sessions = await openSessions()
    const { id, told } = await sessions.spawn('wait')
    using _ = told
    await told.next('turn.started')
    await sessions.connection.call('session.send', { id, text: 'later' })
    await sessions.connection.call('session.send', { id, text: 'first', urgency: 'now' })
    await told.next('turn.finished', ({ interrupted }) => interrupted)
    expect(await told.next('turn.finished')).toMatchObject({ result: 'heard: first' })
    expect(await told.next('turn.finished')).toMatchObject({ result: 'heard: later' })
  },
  timeout,
)

test(
  'a note that is a command of Claude Code is answered in a turn of its own, and the session goes on',
  async () => {
    await using sessions = await openSessions()
    const { id, told } = await sessions.spawn('say hello')
    using _ = told
    await told.next('session.status', ({ status }) => status === 'idle')
    const { connection } = sessions
    await connection.call('session.send', { id, text: '/cost', urgency: 'note' })
    expect(await told.next('turn.started')).toMatchObject({ by: 'claude' })
    expect(await told.next('turn.finished')).toMatchObject({ ok: true, result: 'It cost 0.01' })
    await connection.call('session.send', { id, text: 'and now' })
    expect(await told.next('turn.finished')).toMatchObject({ result: 'heard: and now' })
  },
  timeout,
)

test(
  'an interrupt that comes before Claude has begun with the turn ends it too',
  async () => {
    await using sessions = await openSessions({ env: { SCRIPTED_CLAUDE: 'late' } })
    const { id, told } = await sessions.spawn()
    using _ = told
    const { connection } = sessions
    await told.next('session.status', ({ status }) => status === 'idle')
    await connection.call('session.send', { id, text: 'wait' })
    expect(await connection.call('session.interrupt', { id })).toEqual({ interrupted: true })
    expect(await told.next('turn.finished')).toMatchObject({ ok: false, interrupted: true })
    await connection.call('session.send', { id, text: 'wait' })
    await connection.call('session.send', { id, text: 'urgent', urgency: 'now' })
    expect(await told.next('turn.finished')).toMatchObject({ ok: false, interrupted: true })
    expect(await told.next('turn.finished')).toMatchObject({ result: 'heard: urgent' })
  },
  timeout,
)

test(
  'a permission waits for whoever answers first; the others are told who it was',
  async () => {
    await using sessions = await openSessions()
    const { id, told } = await sessions.spawn(
      'tool Bash {"command":"ls"}\ntool Bash {"command":"pwd"}\ntool Bash {}',
    )
    using _ = told
    const { connection } = sessions
    const { request, tool, input } = await told.next('permission.requested')
    expect({ tool, input }).toEqual({ tool: 'Bash', input: { command: 'ls' } })
    await told.next('session.status', ({ status }) => status === 'waiting')
    expect(await sessions.get(id)).toMatchObject({ status: 'waiting', waitsFor: [{ request, tool: 'Bash' }] })
    const changed = { id, request: String(request), allow: true, input: { command: 'ls -l' } }
    const answers = await Promise.all([
      connection.call('session.answer', changed),
      connection.call('session.answer', { ...changed, allow: false }),
    ])
    expect(answers).toEqual([{ answered: true }, { answered: false, by: expect.stringMatching(/^unix:/) }])
    expect(await told.next('tool.finished')).toMatchObject({
      ok: true,
      result: 'did {"command":"ls -l"} once',
    })
    await told.next('permission.requested')
    await connection.call('session.answer', { id, allow: false, message: 'Not there' })
    expect(await told.next('tool.finished')).toMatchObject({ ok: false, error: 'Not there' })
    await told.next('permission.requested')
    await connection.call('session.answer', { id, allow: true, always: true })
    expect(await told.next('tool.finished')).toMatchObject({ ok: true, result: 'did {} always' })
    await told.next('turn.finished', ({ ok }) => ok)
    expect(await errorOf(connection.call('session.answer', { id, allow: true }))).toMatchObject({
      code: 'not_found',
    })
  },
  timeout,
)

test(
  'a request that Claude takes back is closed, and nobody can answer it any more',
  async () => {
    await using sessions = await openSessions()
    const { id, told } = await sessions.spawn('tool Bash {}')
    using _ = told
    const { request } = await told.next('permission.requested')
    await sessions.connection.call('session.interrupt', { id })
    expect(await told.next('permission.cancelled')).toMatchObject({ request })
    const late = await sessions.connection.call('session.answer', {
      id,
      request: String(request),
      allow: true,
    })
    expect(late).toEqual({ answered: false, by: 'claude' })
  },
  timeout,
)

test(
  'lines of any length, broken ones and unknown ones: nothing is lost of the others',
  async () => {
    await using sessions = await openSessions()
    const { told } = await sessions.spawn(
      'line {"type":"of tomorrow","x":1}\nline {broken\nlong 3000000\nsay done',
    )
    using _ = told
    expect(await told.next('session.raw')).toEqual({ line: { type: 'of tomorrow', x: 1 } })
    expect(await told.next('session.raw')).toEqual({ line: '{broken' })
    expect(JSON.stringify(await told.next('message.said'))).toContain('more characters')
    expect(JSON.stringify(await told.next('message.said'))).toContain('done')
    expect(await told.next('turn.finished')).toMatchObject({ ok: true })
  },
  timeout,
)

test(
  'what is published on its inbox is said to it, and is no session of its own',
  async () => {
    await using sessions = await openSessions()
    const { id, told } = await sessions.spawn()
    using _ = told
    const { connection } = sessions
    const channel = `session:${id}:inbox`
    await connection.call('event.publish', { channel, type: 'message', data: { no: 'text' } })
    await connection.call('event.publish', {
      channel,
      type: 'message',
      data: { text: 'noted', urgency: 'note' },
    })
    await connection.call('event.publish', { channel, type: 'message', data: 'hello', transient: true })
    expect(await told.next('turn.started')).toMatchObject({
      text: 'hello',
      by: expect.stringMatching(/^unix:/),
    })
    expect(await told.next('turn.finished')).toMatchObject({ result: 'heard: noted + hello' })
    expect((await connection.call('session.list', {})).sessions.map((session) => session.id)).toEqual([id])
  },
  timeout,
)
