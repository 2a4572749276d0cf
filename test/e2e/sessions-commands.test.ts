// The commands of sessions, typed as somebody would, and prompts that are stored as actions.

import { expect, test } from 'bun:test'
import { paidBinary } from '../support/daemon.ts'
import { listenTo, openSessions } from '../support/sessions.ts'

const timeout = 60_000

test(
  'spawned in one terminal, answered and talked to from another, and stopped',
  async () => {
    await using sessions = await openSessions()
    const { run, directory, env } = sessions
    await using watching = Bun.spawn(
      [paidBinary, 'sessions', 'spawn', 'tool Bash {"command":"ls"}\nsay first words'],
      {
        cwd: directory,
        env,
        stdout: 'pipe',
        stderr: 'pipe',
      },
    )
    const said = Promise.all([watching.stdout.text(), watching.stderr.text()])
    const id = await sessions.first()
    using told = await listenTo(sessions, id)
    await told.next('session.status', ({ status }) => status === 'waiting')
    const listed = await run(['sessions'])
    expect(listed.stdout).toStartWith(`${id.slice(0, 8)}  `)
    expect(listed.stdout).toMatch(/ago +waits: Bash +scripted-1 .* ~?\/.*project +tool Bash/)
    expect(JSON.parse((await run(['sessions', '--json'])).stdout)).toMatchObject([
      { id, kind: 'managed', status: 'waiting', directory, waitsFor: [{ tool: 'Bash' }] },
    ])
    expect(await run(['sessions', 'approve', id.slice(0, 8), '--always'])).toMatchObject({
      code: 0,
      stderr: 'Allowed\n',
    })
    expect(await run(['sessions', 'approve', id])).toMatchObject({ code: 1 })
    await told.next('turn.finished')
    expect(await run(['sessions', 'send', id, '-', '--wait'], { stdin: 'are you there' })).toMatchObject({
      code: 0,
      stdout: 'heard: are you there\n',
    })
    const escapes = await run(['sessions', 'send', id, 'one\u001b[31m\n\ttwo', '--wait'])
    expect(escapes.stdout).toBe('heard: one\\e[31m\n\ttwo\n')
    expect((await run(['sessions', 'send', id, 'a', '--now', '--note'])).code).toBe(2)
    expect(await run(['sessions', 'approve', id, '--request', 'none'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'paid: The session never asked for none\n',
    })
    expect(await run(['sessions', 'send', id, '-'], { stdin: '' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('text is empty'),
    })
    expect((await run(['sessions'])).stdout).toMatch(/ago +idle +scripted-1 +54 tokens +\$0\.03 +not kept/)
    expect(await run(['sessions', 'stop', id])).toMatchObject({
      code: 0,
      stderr: `${id.slice(0, 8)}: terminated\n`,
    })
    expect(await watching.exited).toBe(0)
    const [stdout, stderr] = await said
    expect(stdout).toBe('first words\nheard: are you there\nheard: one\\e[31m\n\ttwo\n')
    expect(stderr).toContain('Claude asks to use Bash  ls')
    expect(stderr).toContain('the session has ended (terminated)')

    expect((await run(['sessions', 'resume', id, 'once more', '--detach'])).stdout).toBe(`${id}\n`)
    expect(await told.next('turn.finished', ({ result }) => result === 'heard: once more')).toMatchObject({
      ok: true,
    })
    await run(['sessions', 'stop', id])
    const watched = await run(['sessions', 'watch', id])
    expect(watched).toMatchObject({
      code: 0,
      stdout: 'first words\nheard: are you there\nheard: one\\e[31m\n\ttwo\nheard: once more\n',
    })
    expect((await run(['sessions', 'send', id, 'x'])).stderr).toContain('paid sessions resume ID')
  },
  timeout,
)

test(
  'a session that stands in line for a lock says whose it is',
  async () => {
    await using sessions = await openSessions()
    const { connection, run } = sessions
    const [{ id, told }, other] = [await sessions.spawn('say hello'), await sessions.spawn('say hello')]
    await Promise.all([told.next('turn.finished'), other.told.next('turn.finished')])
    const hold = { name: 'database', holder: `session:${other.id}` }
    await connection.call('lock.acquire', hold)
    const turn = connection.call('lock.acquire', { ...hold, holder: `session:${id}`, wait: timeout })
    const waiting = async () => (await connection.call('lock.list', {})).locks[0]?.waiting
    while (!(await waiting())) await Bun.sleep(5)
    expect(await waiting()).toEqual([`session:${id}`])
    const listed: { id: string; waitsForLock?: object }[] = JSON.parse(
      (await run(['sessions', '--json'])).stdout,
    )
    expect(listed.filter(({ waitsForLock }) => waitsForLock)).toMatchObject([{ id, waitsForLock: hold }])
    expect((await run(['sessions'])).stdout).toContain(
      `waits: database of ${other.id.slice(0, 8)}`.slice(0, 19),
    )
    expect((await run(['locks'])).stdout).toContain(`waited for by session:${id}`)
    await connection.call('lock.release', hold)
    expect(await turn).toMatchObject({ acquired: true })
    for (const each of [told, other.told]) each[Symbol.dispose]()
  },
  timeout,
)

test(
  'a stored prompt runs in a session of its own, which ends with it',
  async () => {
    await using sessions = await openSessions()
    const { run, connection } = sessions
    await run(['actions', 'add', 'ask', '--prompt', 'What is new?'])
    expect(await run(['actions', 'run', 'ask', '{"since":"monday"}'])).toMatchObject({
      code: 0,
      stdout: 'heard: What is new?\n\n{"since":"monday"}\n',
    })
    const { sessions: found } = await connection.call('session.list', {})
    expect(found).toMatchObject([{ status: 'terminated', title: 'ask', labels: { action: 'ask' } }])
    await run(['actions', 'add', 'broken', '--prompt', 'crash 1'])
    const broken = await run(['actions', 'run', 'broken'])
    expect(broken).toMatchObject({ code: 1, stdout: '' })
    expect(broken.stderr).toContain('it broke')
    await run(['actions', 'add', 'slow', '--prompt', 'wait', '--timeout', '500ms'])
    expect((await run(['actions', 'run', 'slow'])).stderr).toContain('longer than 500ms')
    const { sessions: running } = await connection.call('session.list', { status: 'running' })
    expect(running).toEqual([])
  },
  timeout,
)

test(
  '^C leaves a session running; who comes late sees every finished message, and goes on from there',
  async () => {
    await using sessions = await openSessions()
    const { directory, env, run } = sessions
    await using first = Bun.spawn([paidBinary, 'sessions', 'spawn', 'say one\ntool Bash {}'], {
      cwd: directory,
      env,
      stdout: 'ignore',
      stderr: 'pipe',
    })
    const id = await sessions.first()
    using told = await listenTo(sessions, id)
    await told.next('permission.requested')
    const complaints = first.stderr.getReader()
    const decoder = new TextDecoder()
    const complained = async (words: string): Promise<void> => {
      for (let text = ''; !text.includes(words);) {
        const { value, done } = await complaints.read()
        if (done) throw new Error(`It did not say ${words}, but: ${text}`)
        text += decoder.decode(value, { stream: true })
      }
    }
    // it knows by now that ^C is not its end
    await complained('leaves it running')
    first.kill('SIGINT')
    await complained('runs on')
    expect(await first.exited).toBe(0)
    const late = run(['sessions', 'watch', id])
    await run(['sessions', 'approve', id])
    await run(['sessions', 'send', id, 'say two', '--wait'])
    // a turn without a message has a result, as Claude Code's own commands do
    await run(['sessions', 'send', id, 'line {}', '--wait'])
    await run(['sessions', 'stop', id])
    expect(await late).toMatchObject({ code: 0, stdout: 'one\ntwo\nline {}\n' })
  },
  timeout,
)
