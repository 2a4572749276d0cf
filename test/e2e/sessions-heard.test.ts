// Sessions that were started elsewhere, and hooks of those that were started here.

import { expect, test } from 'bun:test'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { processStart } from '../../src/lib/process-start.ts'
import { errorOf } from '../support/errors.ts'
import { listenTo, openSessions } from '../support/sessions.ts'

const timeout = 60_000
const other = '4fa77bb5-9e7a-4bdd-95dd-47d4bba3893f'

type Open = Awaited<ReturnType<typeof openSessions>>

const hook = ({ run, directory }: Open, session_id: string, hook_event_name: string) =>
  run(['hook'], { stdin: JSON.stringify({ hook_event_name, session_id, cwd: directory }) })

test(
  'a heard session is as alive as its own file says, and no other process is taken for it',
  async () => {
    await using sessions = await openSessions()
    const folder = join(sessions.home, '.claude', 'sessions')
    mkdirSync(folder, { recursive: true })
    await hook(sessions, other, 'SessionStart')
    const status = async () => (await sessions.get(other))?.status
    expect(await status()).toBeUndefined()
    const file = join(folder, `${process.pid}.json`)
    const about = { pid: process.pid, sessionId: other, procStart: processStart(process.pid) }
    for (const [said, shown] of [
      ['busy', 'running'],
      ['idle', 'idle'],
      ['waiting', 'waiting'],
    ]) {
      writeFileSync(file, JSON.stringify({ ...about, status: said }))
      expect(await sessions.get(other)).toMatchObject({ kind: 'heard', status: shown, pid: process.pid })
    }
    expect(await errorOf(sessions.connection.call('session.stop', { id: other }))).toMatchObject({
      code: 'not_available',
    })
    expect(await errorOf(sessions.connection.call('session.resume', { id: other }))).toMatchObject({
      code: 'session_running',
    })
    writeFileSync(file, JSON.stringify({ ...about, status: 'busy', procStart: '1' }))
    if (process.platform === 'linux') expect(await status()).toBeUndefined()
    writeFileSync(file, '{')
    expect(await status()).toBeUndefined()
    rmSync(file)
    await hook(sessions, other, 'SessionEnd')
    expect(await status()).toBe('completed')
  },
  timeout,
)

test(
  'one that has ended goes on here, where Claude Code has its conversation',
  async () => {
    await using sessions = await openSessions()
    await hook(sessions, other, 'SessionStart')
    const resume = () =>
      sessions.connection.call('session.resume', { id: other.slice(0, 8), prompt: 'go on' })
    expect(await errorOf(resume())).toMatchObject({ code: 'not_available' })
    const folder = join(sessions.home, '.claude', 'projects', 'scripted')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `${other}.jsonl`), '{}\n')
    const { session } = await resume()
    expect(session).toMatchObject({ id: other, kind: 'managed', directory: sessions.directory })
    using told = await listenTo(sessions, other)
    expect(await told.next('turn.finished')).toMatchObject({ result: 'heard: go on' })
  },
  timeout,
)

test(
  'one that has ended here and goes on in a terminal is heard there, talked to there, and not begun a second time',
  async () => {
    await using sessions = await openSessions()
    const { id, told } = await sessions.spawn('say hello')
    using _ = told
    await told.next('turn.finished')
    const { connection } = sessions
    await connection.call('session.stop', { id })
    const send = () => connection.call('session.send', { id, text: 'are you there?' })
    expect(await errorOf(send())).toMatchObject({ code: 'session_ended' })
    const folder = join(sessions.home, '.claude', 'sessions')
    mkdirSync(folder, { recursive: true })
    const about = { pid: process.pid, sessionId: id, procStart: processStart(process.pid), status: 'busy' }
    const file = join(folder, `${process.pid}.json`)
    writeFileSync(file, JSON.stringify(about))
    await hook(sessions, id, 'SessionStart')
    expect(await sessions.get(id)).toMatchObject({ kind: 'heard', status: 'running', pid: process.pid })
    expect(await errorOf(connection.call('session.resume', { id }))).toMatchObject({
      code: 'session_running',
    })
    expect(await errorOf(connection.call('session.stop', { id }))).toMatchObject({ code: 'not_available' })
    expect(await send()).toMatchObject({ way: 'hook' })
    await told.next('message.queued')
    rmSync(file)
    await hook(sessions, id, 'SessionEnd')
    expect(await told.next('message.expired')).toMatchObject({ why: 'The session has ended' })
    expect(await sessions.get(id)).toMatchObject({ kind: 'managed', status: 'terminated' })
    await connection.call('session.resume', { id, prompt: 'say more' })
    await told.next('turn.finished')
  },
  timeout,
)

test(
  'hooks of a session that was started here are on its channel: it is one session',
  async () => {
    await using sessions = await openSessions()
    const { id, told } = await sessions.spawn('say hello')
    using _ = told
    await told.next('turn.finished')
    await hook(sessions, id, 'Stop')
    await told.next('Stop')
    const { connection } = sessions
    expect((await connection.call('session.list', {})).sessions).toMatchObject([{ id, kind: 'managed' }])
    await hook(sessions, other, 'SessionStart')
    const listed = async (wanted: Parameters<typeof connection.call<'session.list'>>[1]) =>
      (await connection.call('session.list', wanted)).sessions.map((session) => session.id)
    expect(await listed({})).toEqual([other, id])
    expect(await listed({ kind: 'managed' })).toEqual([id])
    expect(await listed({ kind: 'heard', limit: 1 })).toEqual([other])
    expect(await listed({ status: 'idle' })).toEqual([id])
  },
  timeout,
)

test(
  'a restart waits for a busy session, and resumes it',
  async () => {
    await using sessions = await openSessions()
    const { id, told } = await sessions.spawn('tool Bash {}')
    using _ = told
    await told.next('permission.requested')
    const restarted = sessions.run(['restart', '--wait', '30s'])
    await sessions.connection.call('session.answer', { id, allow: true })
    await told.next('turn.finished')
    expect(await restarted).toMatchObject({ code: 0 })
    using later = await listenTo(sessions, id)
    expect(await later.next('turn.finished')).toMatchObject({ ok: true })
    await later.next('session.resumed')
    await later.next('session.status', ({ status }) => status === 'idle')
    expect(await sessions.run(['stop'])).toMatchObject({ code: 0 })
  },
  timeout,
)
