// Leave given from elsewhere to the real Claude Code, while its dialog is open in a terminal. Skipped where there is none.

import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openConnection } from '../../src/client/connection.ts'
import { claudeAvailable, openClaudeHome } from '../support/claude.ts'
import { startDaemon } from '../support/daemon.ts'
import { openMessagesApi } from '../support/messages-api.ts'
import { listenTo } from '../support/sessions.ts'
import { openTerminal } from '../support/terminal.ts'

const timeout = 120_000
const api = openMessagesApi()
afterAll(() => api[Symbol.asyncDispose]())

test.skipIf(!claudeAvailable)(
  'an answer from elsewhere closes the dialog; a key in the terminal is an answer too',
  async () => {
    using where = openClaudeHome(api)
    const home = join(where.home, '.paid')
    mkdirSync(home, { mode: 0o700 })
    const env = { HOME: where.home }
    await using daemon = await startDaemon({ home, env, config: { sessions: { remoteApproval: true } } })
    expect((await daemon.run(['hooks', 'install'], { env })).code).toBe(0)
    await using terminal = openTerminal(where, ['--permission-mode', 'manual'])
    await terminal.shows('manual mode')
    const calls = (file: string, done: string) =>
      api.queue(
        { tools: [{ name: 'Bash', input: { command: `touch ${file}`, description: 'a test' } }] },
        { text: done },
      )
    await using connection = await openConnection(daemon.socket)
    const { subscription } = await connection.call('event.subscribe', {
      channel: 'session:*',
      type: 'permission.requested',
    })
    /** The session that asks next. */
    const asking = async (): Promise<string> => {
      const delivery = await connection.next(subscription)
      if (!('event' in delivery)) throw new Error('nobody asks')
      return delivery.event.channel.slice('session:'.length)
    }
    const isThere = (file: string) => existsSync(join(where.project, file))

    calls('one', 'FIRST-DONE')
    await terminal.type('make the first')
    const id = await asking()
    await terminal.shows('Do you want')
    expect(isThere('one')).toBe(false)
    expect((await daemon.run(['sessions', 'approve', id], { env })).code).toBe(0)
    await terminal.shows('FIRST-DONE')
    expect(isThere('one')).toBe(true)

    calls('two', 'SECOND-DONE')
    await terminal.type('make the second')
    expect(await asking()).toBe(id)
    expect((await daemon.run(['sessions', 'deny', id, '--message', 'Not that one'], { env })).code).toBe(0)
    await terminal.shows('SECOND-DONE')
    expect(isThere('two')).toBe(false)
    expect(JSON.stringify(api.requests.at(-1)?.body.messages)).toContain('Not that one')

    using told = await listenTo(daemon, id)
    calls('three', 'THIRD-DONE')
    await terminal.type('make the third')
    await asking()
    const { session } = await connection.call('session.get', { id })
    expect(session).toMatchObject({ kind: 'heard', status: 'waiting', waitsFor: [{ tool: 'Bash' }] })
    // the dialog takes keys when it is there
    while (!isThere('three')) {
      terminal.press('\r')
      await Bun.sleep(100)
    }
    expect(await told.next('permission.cancelled')).toMatchObject({ why: 'It was answered in the terminal' })
    expect((await daemon.run(['sessions', 'deny', id], { env })).code).toBe(1)
  },
  timeout,
)
