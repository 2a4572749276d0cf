// Guards with the real Claude Code: what it hears of them, and that the tool did not run. Skipped where there is none.

import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openConnection } from '../../src/client/connection.ts'
import { claudeAvailable, openClaudeHome, runClaude } from '../support/claude.ts'
import { startDaemon } from '../support/daemon.ts'
import { openMessagesApi } from '../support/messages-api.ts'

const timeout = 120_000
const api = openMessagesApi()
afterAll(() => api[Symbol.asyncDispose]())

const heardByModel = (): string => JSON.stringify(api.requests.at(-1)?.body.messages)

test.skipIf(!claudeAvailable)(
  'a session that was started elsewhere: refused, after a wait, allowed, and refused without a daemon',
  async () => {
    using where = openClaudeHome(api)
    const home = join(where.home, '.paid')
    mkdirSync(home, { mode: 0o700 })
    await using daemon = await startDaemon({ home, env: { HOME: where.home } })
    const paid = async (...args: string[]) =>
      expect(await daemon.run(args, { env: { HOME: where.home } })).toMatchObject({ code: 0 })
    await paid('hooks', 'install')
    await paid('guard', 'add', '*.sql', '--lock', 'database', '--when-down', 'deny')
    await using connection = await openConnection(daemon.socket)
    const write = async (file: string) => {
      const input = JSON.stringify({ file_path: join(where.project, file), content: 'x' })
      const { exitCode } = await runClaude(where, `::tool Write ${input}\n::say done`, {
        args: ['--allowedTools', 'Write'],
      })
      expect(exitCode).toBe(0)
      return existsSync(join(where.project, file))
    }
    const hold = { name: 'database', holder: 'somebody' }
    await connection.call('lock.acquire', { ...hold, ttl: timeout, note: 'a release' })
    expect(await write('one.sql')).toBe(false)
    expect(heardByModel()).toContain('somebody holds it since')
    expect(heardByModel()).toContain('(a release)')
    // long enough for the answer to come behind its headers
    await paid('guard', 'add', '*.sql', '--lock', 'database', '--when-down', 'deny', '--wait', '1s')
    expect(await write('one.sql')).toBe(false)
    expect(heardByModel()).toContain('waited for in vain')
    await connection.call('lock.release', hold)
    expect(await write('one.sql')).toBe(true)
    expect((await connection.call('lock.get', { name: 'database' })).lock).toBeNull()
    const { events } = await connection.call('event.list', { channel: 'lock:database', limit: 100 })
    expect(events.at(-2)?.data).toMatchObject({ holder: expect.stringMatching(/^session:[0-9a-f-]{36}$/) })
    // each tool was told of once, whoever waited for it
    const told = await connection.call('event.list', { type: 'PreToolUse', limit: 100 })
    expect(told.events).toHaveLength(3)

    await daemon.kill('SIGKILL')
    rmSync(join(where.project, 'one.sql'))
    expect(await write('one.sql')).toBe(false)
    expect(heardByModel()).toContain('does not answer')
  },
  timeout,
)
