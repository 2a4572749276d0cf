// Managed sessions with the real Claude Code, against a stand-in of its API. Skipped where there is no Claude Code.

import { expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { claudeAvailable, claudeBinary, openClaudeHome, openConversation } from '../support/claude.ts'
import { openMessagesApi } from '../support/messages-api.ts'
import { listenTo, openSessions } from '../support/sessions.ts'

const timeout = 120_000
const mcpServer = join(import.meta.dir, '../fixtures/mcp-server.mjs')

/** Sessions of the real program, in a home that calls nothing but the stand-in. */
const open = async () => {
  const api = openMessagesApi()
  const where = openClaudeHome(api)
  mkdirSync(join(where.home, '.claude'))
  // what of its environment belongs to one session is not handed on: the settings say it
  const env = Object.entries(where.env).filter(([name]) => name.startsWith('CLAUDE_CODE_'))
  writeFileSync(where.settings, JSON.stringify({ env: Object.fromEntries(env) }))
  const { HOME, ANTHROPIC_BASE_URL = '', ANTHROPIC_API_KEY = '', XDG_RUNTIME_DIR = '' } = where.env
  const quiet = { DISABLE_AUTOUPDATER: '1', DISABLE_TELEMETRY: '1' }
  const sessions = await openSessions({
    env: {
      PAID_CLAUDE: claudeBinary,
      HOME: HOME ?? '',
      ANTHROPIC_BASE_URL,
      ANTHROPIC_API_KEY,
      XDG_RUNTIME_DIR,
      ...quiet,
    },
  })
  return {
    ...sessions,
    api,
    where,
    [Symbol.asyncDispose]: async () => {
      await sessions[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
      where[Symbol.dispose]()
    },
  }
}

test.skipIf(!claudeAvailable)(
  'it streams, answers what is said when it is idle, and costs what it says itself',
  async () => {
    await using sessions = await open()
    const { id, told } = await sessions.spawn('hello')
    using _ = told
    const first = await told.next('turn.finished')
    expect(first).toMatchObject({ ok: true, result: 'Heard: hello' })
    const chunks = told.told.filter(({ type }) => type === 'session.chunk')
    expect(chunks.map(({ data }) => data['text']).join('')).toBe('Heard: hello')
    await sessions.connection.call('session.send', { id, text: 'a note', urgency: 'note' })
    await sessions.connection.call('session.send', { id, text: 'more' })
    const second = await told.next('turn.finished')
    expect(second).toMatchObject({ ok: true })
    expect(JSON.stringify(sessions.api.requests.at(-1)?.body.messages)).toContain('a note')
    const now = await sessions.get(id)
    expect(now?.costUsd).toBeCloseTo(Number(first['costUsd']) + Number(second['costUsd']), 10)
    expect(now).toMatchObject({ status: 'idle', turns: 2, tokens: { input: 200, output: 24 } })
    const { session } = await sessions.connection.call('session.stop', { id })
    expect(session.status).toBe('terminated')
    await sessions.connection.call('session.resume', { id, prompt: 'again' })
    await told.next('session.resumed')
    expect(await told.next('turn.finished')).toMatchObject({ ok: true, result: 'Heard: again' })
    // Claude Code counts on; the whole conversation is what it is asked with
    expect((await sessions.get(id))?.costUsd).toBeCloseTo(Number(first['costUsd']) * 3, 10)
    expect(await sessions.get(id)).toMatchObject({ tokens: { input: 300, output: 36 } })
    expect(JSON.stringify(sessions.api.requests.at(-1)?.body.messages)).toContain('hello')
  },
  timeout,
)

test.skipIf(!claudeAvailable)(
  'a tool is asked for: allowed, allowed with another input, denied with a reason',
  async () => {
    await using sessions = await open()
    const call = (command: string): string =>
      `::tool Bash ${JSON.stringify({ command, description: 'a test' })}\n::say done`
    const { id, told } = await sessions.spawn(call('touch one && echo one'))
    using _ = told
    const { connection } = sessions
    const asked = await told.next('permission.requested')
    expect(asked).toMatchObject({ tool: 'Bash', input: { command: 'touch one && echo one' } })
    await connection.call('session.answer', { id, allow: true })
    expect(await told.next('tool.finished')).toMatchObject({ ok: true, result: 'one' })
    await told.next('turn.finished')
    await connection.call('session.send', { id, text: call('touch two && echo two') })
    await told.next('permission.requested')
    const input = { command: 'touch three && echo three', description: 'another' }
    await connection.call('session.answer', { id, allow: true, input })
    expect(await told.next('tool.finished')).toMatchObject({ ok: true, result: 'three' })
    await told.next('turn.finished')
    await connection.call('session.send', { id, text: call('touch four') })
    await told.next('permission.requested')
    await connection.call('session.answer', { id, allow: false, message: 'Not that one' })
    expect(await told.next('tool.finished')).toMatchObject({ ok: false, error: 'Not that one' })
    await told.next('turn.finished')
  },
  timeout,
)

test.skipIf(!claudeAvailable)(
  'it is interrupted in the middle, goes on with what is urgent, and ends at once when it is stopped',
  async () => {
    await using sessions = await open()
    const { id, told } = await sessions.spawn('::hang')
    using _ = told
    await told.next('message.seen')
    await sessions.connection.call('session.send', { id, text: 'this first', urgency: 'now' })
    expect(await told.next('turn.finished')).toMatchObject({ ok: false, interrupted: true })
    expect(await told.next('turn.finished')).toMatchObject({ ok: true })
    await sessions.connection.call('session.send', { id, text: '::hang' })
    await told.next('message.seen')
    await sessions.connection.call('session.stop', { id })
    expect(await told.next('session.ended')).toMatchObject({ status: 'terminated' })
  },
  timeout,
)

test.skipIf(!claudeAvailable)(
  'its cost is the sum of what its processes tell: across /clear, and after one was killed that wrote no figure down',
  async () => {
    await using sessions = await open()
    const { connection } = sessions
    const { id, told } = await sessions.spawn('one')
    using _ = told
    const { costUsd } = await told.next('turn.finished')
    const each = Number(costUsd)
    const say = async (text: string) => {
      await connection.call('session.send', { id, text })
      return await told.next('turn.finished')
    }
    expect(await say('/clear')).toMatchObject({ ok: true, costUsd: 0 })
    const { conversation } = (await sessions.get(id)) ?? {}
    expect(conversation).toBeString()
    expect(await say('two')).toMatchObject({ ok: true, result: 'Heard: two' })
    for (const [n, text] of ['three', 'four'].entries()) {
      process.kill((await sessions.get(id))?.pid ?? 0, 'SIGKILL')
      expect(await told.next('session.ended')).toMatchObject({ status: 'failed' })
      await connection.call('session.resume', { id, prompt: text })
      await told.next('turn.finished')
      expect((await sessions.get(id))?.costUsd).toBeCloseTo(each * (n + 3), 10)
    }
    const asked = JSON.stringify(sessions.api.requests.at(-1)?.body.messages)
    for (const text of ['two', 'three', 'four']) expect(asked).toContain(text)
    expect(asked).not.toContain('"one"')
  },
  timeout,
)

test.skipIf(!claudeAvailable)(
  'one that has cost as much as it may does no more, and what it took is counted',
  async () => {
    await using sessions = await open()
    const { connection, directory } = sessions
    const spawned = await connection.call('session.spawn', { prompt: 'hello', directory, budgetUsd: 0.0001 })
    const { id } = spawned.session
    using told = await listenTo(sessions, id)
    const budget = { ok: false, error: expect.stringContaining('budget') }
    const first = await told.next('turn.finished')
    expect(first).toMatchObject(budget)
    await connection.call('session.send', { id, text: 'more' })
    expect(await told.next('turn.finished')).toMatchObject({ ...budget, costUsd: 0 })
    expect(await sessions.get(id)).toMatchObject({
      costUsd: first['costUsd'],
      tokens: { input: 100, output: 12 },
    })
  },
  timeout,
)

test.skipIf(!claudeAvailable)(
  'a guard refuses a tool of a session that runs here, and gives it the lock when it is free, asked by its hook as well',
  async () => {
    await using sessions = await open()
    const { connection } = sessions
    for (const words of [
      ['hooks', 'install'],
      ['guard', 'add', '*.sql', '--lock', 'database'],
    ])
      expect((await sessions.run(words)).code).toBe(0)
    const { id, told } = await sessions.spawn('hello')
    using _ = told
    await told.next('turn.finished')
    const hold = { name: 'database', holder: 'somebody' }
    await connection.call('lock.acquire', { ...hold, ttl: timeout })
    const input = JSON.stringify({ command: 'echo > one.sql', description: 'a test' })
    await connection.call('session.send', { id, text: `::tool Bash ${input}\n::say done` })
    const refused = await told.next('tool.finished')
    expect(refused['ok']).toBe(false)
    expect(JSON.stringify(refused)).toContain('somebody holds it since')
    await told.next('turn.finished')
    await connection.call('lock.release', hold)
    await connection.call('session.send', { id, text: `::tool Bash ${input}\n::say done` })
    await told.next('permission.requested')
    expect((await connection.call('lock.get', { name: 'database' })).lock?.holder).toBe(`session:${id}`)
    await connection.call('session.answer', { id, allow: true })
    expect(await told.next('tool.finished')).toMatchObject({ ok: true })
    await told.next('turn.finished')
    const { events } = await connection.call('event.list', { channel: 'guard:database', limit: 100 })
    // the refusal came from both
    expect(events.map(({ type }) => type)).toEqual(['guard.added', 'guard.refused', 'guard.refused'])
  },
  timeout,
)

test.skipIf(!claudeAvailable)(
  'one that was resumed here has cost what it cost before, too',
  async () => {
    await using sessions = await open()
    const { connection, directory } = sessions
    const where = { ...sessions.where, project: directory }
    const id = crypto.randomUUID()
    await using elsewhere = openConversation(where, { args: ['--session-id', id] })
    const { total_cost_usd: before } = await elsewhere.say('one')
    await elsewhere.end()
    await sessions.run(['hook'], {
      stdin: JSON.stringify({ hook_event_name: 'SessionEnd', session_id: id, cwd: directory }),
    })
    await connection.call('session.resume', { id, prompt: 'two' })
    using told = await listenTo(sessions, id)
    expect(await told.next('turn.finished')).toMatchObject({ costUsd: before })
    expect((await sessions.get(id))?.costUsd).toBeCloseTo(2 * Number(before), 10)
  },
  timeout,
)

test.skipIf(!claudeAvailable)(
  'what an MCP server asks is told, and goes back to it as it was answered',
  async () => {
    await using sessions = await open()
    const server = { type: 'stdio', command: process.execPath, args: [mcpServer] }
    writeFileSync(
      join(sessions.where.home, '.claude.json'),
      JSON.stringify({ mcpServers: { weather: server } }),
    )
    const { id, told } = await sessions.spawn('::tool mcp__weather__choose {}\n::say done')
    using _ = told
    await told.next('permission.requested')
    await sessions.connection.call('session.answer', { id, allow: true })
    const asked = await told.next('elicitation.requested')
    expect(asked).toMatchObject({ server: 'weather', message: 'Which one?', schema: { type: 'object' } })
    await sessions.connection.call('session.answer', { id, allow: true, input: { choice: 'rain' } })
    const { result } = await told.next('tool.finished')
    expect(JSON.parse(String(result))).toEqual({ action: 'accept', content: { choice: 'rain' } })
    expect(await told.next('turn.finished')).toMatchObject({ ok: true })
  },
  timeout,
)
