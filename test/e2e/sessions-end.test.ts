// The beginning and the end of managed sessions, with the compiled binary and a scripted Claude Code.

import { expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { processesBelow } from '../../src/lib/processes.ts'
import { errorOf } from '../support/errors.ts'
import { isAlive, listenTo, livingIn, openSessions, storedOf } from '../support/sessions.ts'

const timeout = 60_000

test(
  'stopping ends the process and all of its group, also what does not obey, and is told once',
  async () => {
    await using sessions = await openSessions({ config: { sessions: { stopSeconds: 1 } } })
    const { id, told } = await sessions.spawn('deaf\nchild\napart\nsay ready\nwait')
    using _ = told
    await told.next('message.said')
    const { pid = 0 } = (await sessions.get(id)) ?? {}
    const below = processesBelow(pid)
    if (process.platform === 'linux') {
      expect(livingIn(pid).length).toBeGreaterThan(1)
      expect(below.some(({ group }) => group !== pid)).toBe(true)
    }
    const { connection } = sessions
    await connection.call('session.send', { id, text: 'never seen' })
    const stops = await Promise.all([
      connection.call('session.stop', { id, why: 'enough' }),
      connection.call('session.stop', { id }),
    ])
    expect(stops.map(({ session }) => session.status)).toEqual(['terminated', 'terminated'])
    expect(livingIn(pid)).toEqual([])
    expect(below.filter((each) => isAlive(each.pid))).toEqual([])
    expect((await connection.call('session.stop', { id })).session.status).toBe('terminated')
    const stored = await storedOf(connection, id)
    expect(stored.filter(({ type }) => type === 'session.ended')).toHaveLength(1)
    expect(stored.at(-1)).toMatchObject({
      type: 'session.ended',
      data: { status: 'terminated', why: 'enough' },
    })
    expect(stored.map(({ type }) => type)).toContain('message.expired')
    expect(await errorOf(connection.call('session.send', { id, text: 'x' }))).toMatchObject({
      code: 'session_ended',
    })
  },
  timeout,
)

test(
  'what it was saying when it ended is kept as far as it came, once',
  async () => {
    await using sessions = await openSessions()
    const delta = (text: string): string =>
      `line ${JSON.stringify({
        type: 'stream_event',
        event: { type: 'content_block_delta', delta: { type: 'text_delta', text } },
      })}`
    const { id, told } = await sessions.spawn(
      ['say all of this', delta('One sentence. '), delta('Half a'), 'crash 3'].join('\n'),
    )
    using _ = told
    await told.next('session.ended')
    const said = (await storedOf(sessions.connection, id)).filter(({ type }) => type === 'message.said')
    expect(said.map(({ data }) => ({ content: data['content'], cut: data['cut'] }))).toEqual([
      { content: [{ type: 'text', text: 'all of this' }], cut: undefined },
      { content: [{ type: 'text', text: 'One sentence. Half a' }], cut: true },
    ])
  },
  timeout,
)

test.skipIf(!Bun.which('setsid'))(
  'what it sent away to live on lives on',
  async () => {
    await using sessions = await openSessions()
    const { id, told } = await sessions.spawn('away\nsay gone')
    using _ = told
    await told.next('turn.finished')
    await sessions.connection.call('session.stop', { id })
    const away = Number(readFileSync(join(sessions.directory, 'away'), 'utf8'))
    expect(isAlive(away)).toBe(true)
    process.kill(away, 'SIGKILL')
  },
  timeout,
)

test(
  'a session that breaks has failed, with its exit code and what it complained of, and can be resumed',
  async () => {
    await using sessions = await openSessions()
    const { id, message, told } = await sessions.spawn(
      `complain no such key: sk-ant-api03-${'a1B2'.repeat(20)}\ncrash 3`,
    )
    using _ = told
    const answer = sessions.connection.call('session.wait', { id, message })
    expect(await told.next('session.ended')).toMatchObject({
      status: 'failed',
      exitCode: 3,
      stderr: expect.stringMatching(/^no such key: \[redacted:[^\]]+\]\nit broke$/),
    })
    expect(await errorOf(answer)).toBeUndefined()
    expect(await sessions.get(id)).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/^exit code 3: no such key: \[redacted/),
    })
    const resumed = await sessions.connection.call('session.resume', { id, prompt: 'again' })
    expect(resumed.session).toMatchObject({ id, status: 'initializing' })
    expect(await told.next('turn.finished')).toMatchObject({ ok: true, result: 'heard: again' })
  },
  timeout,
)

test(
  'no more sessions than may run; the place of one that ended is free at once',
  async () => {
    await using sessions = await openSessions({ config: { sessions: { max: 2 } } })
    const [first] = await Promise.all([sessions.spawn(), sessions.spawn()])
    expect(await errorOf(sessions.spawn())).toMatchObject({
      code: 'too_many_sessions',
      message: 'Maximum session limit reached (2). Cannot spawn new session.',
    })
    await sessions.connection.call('session.stop', { id: first?.id ?? '' })
    await sessions.spawn()
  },
  timeout,
)

test(
  'one that does not begin in time has failed',
  async () => {
    await using mute = await openSessions({
      env: { SCRIPTED_CLAUDE: 'mute' },
      config: { sessions: { startSeconds: 1 } },
    })
    const { told } = await mute.spawn('x')
    expect(await told.next('session.ended')).toMatchObject({
      status: 'failed',
      why: 'It did not begin within 1 s',
    })
    told[Symbol.dispose]()
  },
  timeout,
)

test(
  'a daemon that stops ends its sessions first; after the next start they can be resumed',
  async () => {
    await using sessions = await openSessions()
    const { id, told } = await sessions.spawn('say hello')
    using _ = told
    await told.next('turn.finished')
    const { pid = 0 } = (await sessions.get(id)) ?? {}
    await sessions.kill('SIGTERM')
    expect(isAlive(pid)).toBe(false)
    expect(existsSync(join(sessions.home, '.claude/projects/scripted', `${id}.jsonl`))).toBe(true)
    await using again = await openSessions({ home: sessions.home })
    expect(await again.get(id)).toMatchObject({ status: 'terminated', costUsd: 0.01 })
    await again.connection.call('session.resume', { id, prompt: 'go on' })
    using later = await listenTo(again, id)
    await later.next('session.resumed')
    expect(await later.next('turn.finished')).toMatchObject({ result: 'heard: go on' })
  },
  timeout,
)

test(
  'nothing of the daemon gets into the environment of a session',
  async () => {
    await using sessions = await openSessions({
      env: {
        PAID_TOKEN: 'secret-of-ours-and-long-enough',
        CLAUDECODE: '1',
        CLAUDE_CODE_SESSION_ID: 'x',
        CLAUDE_PID: '1',
        AI_AGENT: 'x',
        ANTHROPIC_BASE_URL: 'http://127.0.0.1:1',
        GITHUB_TOKEN: 'of the user',
      },
    })
    const { id, told } = await sessions.spawn('say hello')
    using _ = told
    await told.next('message.said')
    const { pid = 0 } = (await sessions.get(id)) ?? {}
    if (process.platform !== 'linux') return
    const names = readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .map((line) => line.split('=')[0])
    expect(names).toContain('ANTHROPIC_BASE_URL')
    expect(names).toContain('GITHUB_TOKEN')
    expect(names).toContain('PAID_HOME')
    const ours = /^(PAID_(?!HOME$|SESSION$)|CLAUDE|AI_AGENT|BUN_)/
    expect(names.filter((name) => ours.test(name ?? ''))).toEqual([])
  },
  timeout,
)

test(
  'without a folder it works in a new one of its own, which stays',
  async () => {
    await using sessions = await openSessions()
    const { session } = await sessions.connection.call('session.spawn', {})
    expect(session.directory).toBe(join(sessions.home, 'workspaces', session.id))
    expect(existsSync(session.directory ?? '')).toBe(true)
    await sessions.connection.call('session.stop', { id: session.id })
    expect(existsSync(session.directory ?? '')).toBe(true)
  },
  timeout,
)

test(
  'one that has nothing to do for as long as may be is completed',
  async () => {
    await using sessions = await openSessions({ config: { sessions: { idleSeconds: 1 } } })
    const { told } = await sessions.spawn('say hello')
    using _ = told
    expect(await told.next('session.ended')).toMatchObject({ status: 'completed', why: 'It was idle' })
  },
  timeout,
)

test(
  'what a session is started with is on the command line of its process',
  async () => {
    await using sessions = await openSessions({ config: { sessions: { budgetUsd: 2.5 } } })
    const { connection, directory } = sessions
    const id = '0190d6c1-6f0e-7c3a-8f35-3a6f3b6a1f10'
    const asked = { id, directory, model: 'opus', permissionMode: 'acceptEdits', title: '--A title' }
    const { session } = await connection.call('session.spawn', {
      ...asked,
      directory: `${directory}/../project/`,
      alias: 'mine',
      labels: { a: 'b' },
    })
    expect(session).toMatchObject({ ...asked, budgetUsd: 2.5, alias: 'mine', labels: { a: 'b' } })
    expect(await sessions.get('mine')).toMatchObject({ id })
    if (process.platform === 'linux') {
      using told = await listenTo(sessions, id)
      await told.next('session.status')
      const { pid = 0 } = (await sessions.get(id)) ?? {}
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      expect(words.slice(words.indexOf('--session-id'), -1)).toEqual([
        '--session-id',
        id,
        '--name=--A title',
        '--model=opus',
        '--permission-mode=acceptEdits',
        '--max-budget-usd=2.5',
      ])
    }
    await connection.call('session.stop', { id })
    const again = connection.call('session.spawn', { id, directory })
    expect(await errorOf(again)).toMatchObject({ code: 'name_taken' })
    expect(await errorOf(connection.call('session.spawn', { alias: 'mine' }))).toMatchObject({
      code: 'name_taken',
    })
    expect(await errorOf(connection.call('session.spawn', { directory: '/nowhere' }))).toMatchObject({
      code: 'bad_request',
    })
  },
  timeout,
)
