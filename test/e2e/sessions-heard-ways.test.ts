// The ways to a session that was started elsewhere when things go wrong: sockets that are not its own, nobody at them, and
// a daemon that is killed at any moment around a hook.

import { expect, test } from 'bun:test'
import { chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { processStart } from '../../src/lib/process-start.ts'
import { contextIn, openHeard } from '../support/heard.ts'
import { openSessions } from '../support/sessions.ts'

const timeout = 60_000

test(
  'its own socket is written to when it is ours, whole and once; else the message waits for a hook',
  async () => {
    await using sessions = await openSessions({ config: { sessions: { inbox: true } } })
    using heard = await openHeard(sessions)
    const folder = join(sessions.home, '.claude', 'sessions')
    mkdirSync(folder, { recursive: true })
    const socket = join(sessions.home, 'inbox.sock')
    const sayAt = (messagingSocketPath: string): void =>
      writeFileSync(
        join(folder, `${process.pid}.json`),
        JSON.stringify({
          pid: process.pid,
          sessionId: heard.id,
          procStart: processStart(process.pid),
          status: 'idle',
          messagingSocketPath,
        }),
      )
    const lines: string[] = []
    const read = Promise.withResolvers<void>()
    using listener = Bun.listen({
      unix: socket,
      socket: {
        data: (_, bytes) => void lines.push(bytes.toString()),
        close: () => read.resolve(),
      },
    })
    sayAt(socket)
    const { way, message } = await heard.send('wake up')
    expect(way).toBe('inbox')
    await read.promise
    const { type, message: said } = JSON.parse(lines.join(''))
    expect(type).toBe('user')
    expect(said.role).toBe('user')
    expect(said.content).toContain('> wake up')
    expect(await heard.told.next('message.delivered')).toEqual({ message, how: 'inbox' })
    // it is on its way: no hook has it too, and what proves it is the prompt that it became
    expect(await heard.post('UserPromptSubmit', { prompt: 'another', prompt_id: 'p1' })).toEqual({})
    await heard.post('UserPromptSubmit', { prompt: said.content, prompt_id: 'p2' })
    expect(await heard.told.next('message.seen')).toMatchObject({ message, turn: 'p2' })

    const link = join(sessions.home, 'link.sock')
    symlinkSync(socket, link)
    for (const path of [link, join(sessions.home, 'gone.sock'), sessions.paths.database]) {
      sayAt(path)
      expect(await heard.send('not there')).toMatchObject({ way: 'hook' })
    }
    sayAt(socket)
    if (process.getuid?.() === 0) {
      chownSync(socket, 65534, 65534)
      expect(await heard.send('not there')).toMatchObject({ way: 'hook' })
      chownSync(socket, 0, 0)
    }
    rmSync(join(folder, `${process.pid}.json`))
    expect(await heard.send('not there')).toMatchObject({ way: 'hook' })
    listener.stop(true)
    expect(lines).toHaveLength(1)
    expect(contextIn(await heard.post('UserPromptSubmit'))?.match(/> not there/g)?.length).toBeGreaterThan(3)
  },
  timeout,
)

test(
  'whenever a daemon is killed around a hook, the session reads each message once',
  async () => {
    await using last = await openSessions()
    const { home } = last
    let sessions: Awaited<ReturnType<typeof openSessions>> = last
    let heard = await openHeard(sessions)
    const { id } = heard
    for (let round = 0; round < 5; round++) {
      const { message } = await heard.send(`round ${round}`)
      const prompt = { prompt: 'x', prompt_id: `p${round}` }
      const timesIn = (reply: unknown): number => (contextIn(reply) ?? '').split(message).length - 1
      const hook = heard.hook('UserPromptSubmit', prompt)
      await Bun.sleep(2 * round)
      await sessions.kill('SIGKILL')
      let read = timesIn(await hook)
      heard[Symbol.dispose]()
      sessions.connection.close()
      sessions = await openSessions({ home })
      heard = await openHeard(sessions, id)
      while ((await sessions.connection.call('system.status', {})).spool.waiting > 0) await Bun.sleep(10)
      for (let more = 0; more < 2; more++) read += timesIn(await heard.hook('UserPromptSubmit', prompt))
      expect(read).toBe(1)
      await heard.hook('MessageDisplay', prompt, [])
      expect(await heard.told.next('message.seen', (data) => data['message'] === message)).toMatchObject({
        turn: `p${round}`,
      })
    }
    heard[Symbol.dispose]()
    sessions.connection.close()
    await sessions.stop()
  },
  timeout,
)

test(
  'a process that waits beside an idle session waits on at the next daemon, and goes when there is none of its session',
  async () => {
    await using first = await openSessions()
    using heard = await openHeard(first)
    const { id } = heard
    const beside = (env: Record<string, string> = {}) =>
      first.run(['hook', '--rewake'], {
        stdin: JSON.stringify({ hook_event_name: 'Stop', session_id: id }),
        env: { ...first.env, ...env },
      })
    const idleAt = ({ connection }: typeof first) => connection.call('session.idle', { id }, { timeoutMs: 0 })
    const older = idleAt(first)
    const waiting = beside()
    expect(await older).toEqual({ text: null })
    await first.kill('SIGKILL')
    await using second = await openSessions({ home: first.home })
    using later = await openHeard(second, id)
    // whether it is back already or comes back to it
    await later.send('good morning')
    expect(await waiting).toMatchObject({ code: 2, stderr: expect.stringContaining('> good morning') })

    const other = idleAt(second)
    const last = beside()
    expect(await other).toEqual({ text: null })
    await later.hook('SessionEnd', {}, [])
    expect(await last).toEqual({ code: 0, stdout: '', stderr: '' })
  },
  timeout,
)
