// Guards of sessions that run here: Claude Code asks them over its output.

import { expect, test } from 'bun:test'
import { openSessions } from '../support/sessions.ts'

const timeout = 60_000

test(
  'sessions that run here ask without a hook, also for a guard that came after them',
  async () => {
    await using sessions = await openSessions()
    const one = await sessions.spawn('free Write {"file_path":"x.sql"}')
    const two = await sessions.spawn('say hello')
    using first = one.told
    using second = two.told
    await first.next('turn.finished')
    await second.next('turn.finished')
    const { connection } = sessions
    await connection.call('guard.add', { pattern: '*.sql', lock: 'database' })
    const tool = (id: string, name: string) =>
      connection.call('session.send', { id, text: `free ${name} {"file_path":"x.sql"}\nwait` })
    await tool(one.id, 'Write')
    expect(await first.next('tool.finished')).toMatchObject({ ok: true })
    expect((await connection.call('lock.get', { name: 'database' })).lock?.holder).toBe(`session:${one.id}`)
    await tool(two.id, 'Write')
    const refused = await second.next('tool.finished')
    expect(refused['ok']).toBe(false)
    expect(JSON.stringify(refused)).toContain(`session:${one.id} holds it`)
    await connection.call('session.interrupt', { id: one.id })
    await first.next('turn.finished')
    await connection.call('session.send', {
      id: two.id,
      text: 'free Write {"file_path":"x.sql"}',
      urgency: 'now',
    })
    expect(await second.next('tool.finished')).toMatchObject({ ok: true })
    await second.next('turn.finished')
    expect((await connection.call('lock.get', { name: 'database' })).lock).toBeNull()

    // a turn that is broken off waits for no lock
    await connection.call('lock.acquire', { name: 'database', holder: 'somebody', ttl: timeout })
    await connection.call('guard.add', { pattern: '*.sql', lock: 'database', wait: timeout })
    await tool(two.id, 'Write')
    const line = async (length: number): Promise<void> => {
      while ((await connection.call('lock.get', { name: 'database' })).line !== length) await Bun.sleep(5)
    }
    await line(1)
    await connection.call('session.interrupt', { id: two.id })
    await second.next('turn.finished')
    await line(0)
  },
  timeout,
)
