// Leave that is given from elsewhere to sessions which were started in a terminal: their hook waits while the dialog is
// open, and whoever answers first decides.

import { expect, test } from 'bun:test'
import { openConnection } from '../../src/client/connection.ts'
import { paidBinary, startDaemon } from '../support/daemon.ts'
import { errorOf } from '../support/errors.ts'
import { listenTo, openSessions } from '../support/sessions.ts'

const timeout = 60_000
const id = 'aaaaaaaa-9e7a-4bdd-95dd-47d4bba3893f'
const on = { sessions: { remoteApproval: true } }
const rule = {
  type: 'addRules',
  rules: [{ toolName: 'Bash', ruleContent: 'touch *' }],
  behavior: 'allow',
  destination: 'localSettings',
}

const use = (command: string) => ({ tool_name: 'Bash', tool_input: { command } })

type Place = { home: string; socket: string; env: Record<string, string> }

const hooksOf = ({ home, env }: Place) => {
  const start = (hook_event_name: string, more: object = {}, session_id = id) => {
    const child = Bun.spawn([paidBinary, 'hook', '--reply'], {
      env,
      stdin: new Blob([JSON.stringify({ session_id, hook_event_name, cwd: home, ...more })]),
      stdout: 'pipe',
      stderr: 'pipe',
    })
    return child
  }
  const run = async (...given: Parameters<typeof start>): Promise<string> => {
    const child = start(...given)
    const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
    return stdout
  }
  return {
    run,
    start,
    /** What Claude Code reads when the hook asked leave ends. */
    ask: async (command: string, more: object = {}) => {
      const said = await run('PermissionRequest', {
        ...use(command),
        permission_suggestions: [rule],
        ...more,
      })
      return JSON.parse(said || 'null')?.hookSpecificOutput?.decision
    },
  }
}

const open = async (config: object = on) => {
  const daemon = await startDaemon({ config })
  const hooks = hooksOf(daemon)
  await hooks.run('SessionStart')
  const connection = await openConnection(daemon.socket)
  const told = await listenTo(daemon, id)
  return {
    daemon,
    connection,
    told,
    ...hooks,
    session: async () => (await connection.call('session.get', { id })).session,
    [Symbol.asyncDispose]: async () => {
      told[Symbol.dispose]()
      connection.close()
      await daemon.stop()
    },
  }
}

test(
  'it is off until the user says so: the dialog alone decides, at once',
  async () => {
    await using place = await open({})
    expect(await place.ask('touch x')).toBeUndefined()
    expect((await place.session())?.waitsFor).toBeUndefined()
    expect(await errorOf(place.connection.call('session.answer', { id, allow: true }))).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('asks in its own terminal'),
      hint: expect.stringContaining('sessions.remoteApproval'),
    })
    await place.run('Stop')
    await place.told.next('Stop')
    expect(place.told.types()).not.toContain('permission.requested')
  },
  timeout,
)

test(
  'a command that writes an excluded file is asked about without its text, and allowed as it is',
  async () => {
    await using place = await open()
    const { told, ask, connection } = place
    const command = 'echo hunter2-hunter2 > .env'
    const rules = [{ ...rule, rules: [{ toolName: 'Bash', ruleContent: command }] }]
    const asked = ask(command, { permission_suggestions: rules })
    expect(await told.next('permission.requested')).toMatchObject({
      input: { command: '[withheld: the file is excluded]' },
      suggestions: [],
    })
    await connection.call('session.answer', { id, allow: true, always: true })
    expect(await asked).toEqual({ behavior: 'allow', updatedPermissions: rules })
    const again = ask(command)
    await told.next('permission.requested')
    // it is known again by what is kept of it
    await place.run('PostToolUse', use(command))
    await told.next('permission.cancelled')
    expect(await again).toBeUndefined()
    expect(JSON.stringify(told.told)).not.toContain('hunter2')
  },
  timeout,
)

test(
  'a session that asks is seen to wait; it is allowed, for ever, with another input, or denied with a reason',
  async () => {
    await using place = await open()
    const { daemon, told, ask } = place
    const answered = async (...words: string[]) => {
      const asked = ask('touch x')
      const { request, ...what } = await told.next('permission.requested')
      expect(what).toMatchObject({ tool: 'Bash', input: { command: 'touch x' }, suggestions: [rule] })
      expect(await place.session()).toMatchObject({
        kind: 'heard',
        status: 'waiting',
        waitsFor: [{ request, tool: 'Bash' }],
      })
      expect((await daemon.run(['sessions'])).stdout).toContain('waits: Bash')
      expect((await daemon.run(['sessions', ...words])).code).toBe(0)
      const decision = await asked
      expect(await told.next('permission.answered')).toMatchObject({ request, by: expect.any(String) })
      expect((await place.session())?.waitsFor).toBeUndefined()
      return decision
    }
    const [short] = id.split('-')
    expect(await answered('approve', short ?? '')).toEqual({ behavior: 'allow' })
    expect(await answered('approve', id, '--always')).toEqual({
      behavior: 'allow',
      updatedPermissions: [rule],
    })
    expect(await answered('approve', id, '--input', '{"command":"touch y"}')).toEqual({
      behavior: 'allow',
      updatedInput: { command: 'touch y' },
    })
    expect(await answered('deny', id, '--message', 'Not on Fridays')).toEqual({
      behavior: 'deny',
      message: 'Not on Fridays',
      interrupt: false,
    })
    expect(await daemon.run(['sessions', 'approve', id])).toMatchObject({ code: 1 })
  },
  timeout,
)

test(
  'whoever is first decides: of two that answer one is late, and so are both behind the dialog',
  async () => {
    await using place = await open()
    const { told, ask, connection, run } = place
    const asked = ask('touch x')
    const { request } = await told.next('permission.requested')
    const answer = (allow: boolean) =>
      connection.call('session.answer', { id, request: String(request), allow })
    const [first, second] = await Promise.all([answer(false), answer(true)])
    expect([first?.answered, second?.answered]).toEqual([true, false])
    expect(await asked).toMatchObject({ behavior: 'deny' })

    for (const [type, more] of [
      ['PostToolUse', use('touch x')],
      ['PostToolUseFailure', use('touch x')],
      ['PostToolBatch', {}],
      ['Stop', {}],
      ['UserPromptSubmit', { prompt: 'no' }],
      ['SessionEnd', {}],
    ] as const) {
      const again = ask('touch x')
      const { request: of } = await told.next('permission.requested')
      // what others do says nothing of it
      await run('PostToolUse', use('touch other'))
      await run('Stop', { agent_id: 'a1' })
      expect((await place.session())?.status).toBe('waiting')
      await run(type, more)
      expect(await again).toBeUndefined()
      expect(await told.next('permission.cancelled')).toMatchObject({ request: of })
      const late = await connection.call('session.answer', { id, request: String(of), allow: true })
      expect(late).toEqual({ answered: false, by: type === 'SessionEnd' ? 'claude' : 'the terminal' })
    }
    expect((await place.session())?.status).toBe('completed')

    // the same thing twice, side by side: one dialog after the other
    const both = [ask('touch x'), ask('touch x')]
    await told.next('permission.requested')
    await told.next('permission.requested')
    await run('PostToolUse', use('touch x'))
    await told.next('permission.cancelled')
    expect((await place.session())?.waitsFor).toHaveLength(1)
    await connection.call('session.answer', { id, allow: true })
    expect((await Promise.all(both)).filter((decision) => decision)).toEqual([{ behavior: 'allow' }])
  },
  timeout,
)

test(
  'what goes away approves nothing: a hook that is ended, a daemon that stops, one that is killed',
  async () => {
    await using place = await open()
    const { told, start, ask, daemon } = place
    const gone = start('PermissionRequest', use('touch x'))
    const { request } = await told.next('permission.requested')
    gone.kill('SIGTERM')
    expect(await told.next('permission.cancelled')).toMatchObject({ request })
    expect((await place.session())?.waitsFor).toBeUndefined()

    const stopped = ask('touch x')
    await told.next('permission.requested')
    await daemon.kill('SIGTERM')
    expect(await stopped).toBeUndefined()

    await using second = await startDaemon({ home: daemon.home, config: on })
    using toldAgain = await listenTo(second, id)
    await toldAgain.next('permission.cancelled', ({ why }) => why === 'The daemon was stopped')
    const killed = hooksOf(second).run('PermissionRequest', use('touch z'))
    await toldAgain.next('permission.requested', ({ input }) => Object(input).command === 'touch z')
    await second.kill('SIGKILL')
    expect(await killed).toBe('')
    await using third = await startDaemon({ home: daemon.home, config: on })
    using toldAtLast = await listenTo(third, id)
    await toldAtLast.next('permission.cancelled', ({ why }) => why === 'The daemon died')
    await using connection = await openConnection(third.socket)
    expect((await connection.call('session.get', { id })).session?.waitsFor).toBeUndefined()
    expect(await errorOf(connection.call('session.answer', { id, allow: true }))).toMatchObject({
      code: 'not_found',
    })
  },
  timeout,
)

test(
  'a session that runs here asks over its output, and not a second time by its hook',
  async () => {
    await using sessions = await openSessions({ config: on })
    const { id: own, told } = await sessions.spawn('tool Bash {"command":"touch x"}')
    using _ = told
    await told.next('permission.requested')
    const { run } = hooksOf({ ...sessions, env: { ...sessions.env, PAID_HOME: sessions.home } })
    expect(await run('PermissionRequest', use('touch x'), own)).toBe('{}')
    await sessions.connection.call('session.answer', { id: own, allow: true })
    expect(await told.next('tool.finished')).toMatchObject({ ok: true })
    await told.next('turn.finished')
    expect(told.types().filter((type) => type === 'permission.requested')).toHaveLength(1)
  },
  timeout,
)
