// Guards as sessions meet them: hooks of Claude Code go through `paid hook`, and what it prints is what the tool gets.

import { expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openConnection } from '../../src/client/connection.ts'
import { readGuards } from '../../src/lib/guards-file.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'

const timeout = 60_000
const ann = 'aaaaaaaa-9e7a-4bdd-95dd-47d4bba3893f'
const bob = 'bbbbbbbb-9e7a-4bdd-95dd-47d4bba3893f'

const open = async () => {
  const daemon = await startDaemon()
  const project = join(daemon.home, 'project')
  mkdirSync(join(project, 'db'), { recursive: true })
  writeFileSync(join(project, 'db', 'one.sql'), '')
  const guard = (...args: string[]) => daemon.run(['guard', ...args], { cwd: project })
  return {
    daemon,
    project,
    guard,
    ...hooksOf(daemon, project),
    [Symbol.asyncDispose]: () => daemon.stop(),
  }
}

const hooksOf = (daemon: TestDaemon, cwd: string) => {
  const hook = (session_id: string, hook_event_name: string, more: object = {}) =>
    daemon.run(['hook', '--reply'], { stdin: JSON.stringify({ session_id, hook_event_name, cwd, ...more }) })
  return {
    hook,
    /** Why the tool is refused; undefined when it may go on. */
    use: async (
      session: string,
      tool_name: string,
      tool_input: Record<string, unknown>,
    ): Promise<string | undefined> => {
      const { code, stdout, stderr } = await hook(session, 'PreToolUse', { tool_name, tool_input })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const { hookSpecificOutput: said } = JSON.parse(stdout || '{}')
      if (said) expect(said).toMatchObject({ hookEventName: 'PreToolUse', permissionDecision: 'deny' })
      return said?.permissionDecisionReason
    },
  }
}

const holderOf = async ({ socket }: TestDaemon, name: string): Promise<string | undefined> => {
  await using connection = await openConnection(socket)
  return (await connection.call('lock.get', { name })).lock?.holder
}

test(
  'a file is one session’s until its turn ends; the other is refused, and told who has it',
  async () => {
    await using place = await open()
    const { daemon, guard, use, hook, project } = place
    expect((await guard('add', 'db/*', '--lock', 'database')).code).toBe(0)
    expect(await use(ann, 'Edit', { file_path: 'db/one.sql' })).toBeUndefined()
    expect(await holderOf(daemon, 'database')).toBe(`session:${ann}`)
    expect(await use(ann, 'Bash', { command: 'cat db/one.sql' })).toBeUndefined()
    expect(await use(bob, 'Read', { file_path: 'db/one.sql' })).toBeUndefined()
    expect(await use(bob, 'Edit', { file_path: 'other.sql' })).toBeUndefined()

    symlinkSync('db', join(project, 'alias'))
    for (const [tool, input] of [
      ['Edit', { file_path: 'db/one.sql' }],
      ['Write', { file_path: `${project}/other/../db/new.sql` }],
      ['MultiEdit', { file_path: `${project}/alias/one.sql` }],
      ['NotebookEdit', { notebook_path: `${project}/DB/one.ipynb` }],
      ['Bash', { command: 'cd db && rm one.sql' }],
    ] as const) {
      const reason = await use(bob, tool, input)
      expect(reason).toContain(`session:${ann} holds it since 2`)
      expect(reason).toContain('database')
    }
    // the end of another's turn, and one before it had the lock, take nothing from it
    await hook(bob, 'Stop')
    expect(await use(bob, 'Edit', { file_path: 'db/one.sql' })).toBeString()
    await hook(ann, 'Stop')
    expect(await use(bob, 'Edit', { file_path: 'db/one.sql' })).toBeUndefined()
    expect(await holderOf(daemon, 'database')).toBe(`session:${bob}`)
    await hook(bob, 'SessionEnd')
    expect(await holderOf(daemon, 'database')).toBeUndefined()

    await using connection = await openConnection(daemon.socket)
    const { events } = await connection.call('event.list', { channel: 'guard:database', limit: 100 })
    expect(events.map(({ type }) => type)).toEqual(['guard.added', ...Array(6).fill('guard.refused')])
    expect(events[1]?.data).toMatchObject({ session: bob, tool: 'Edit', holder: `session:${ann}` })
  },
  timeout,
)

test(
  'of many sessions that come at once one has the file',
  async () => {
    await using place = await open()
    await using connection = await openConnection(place.daemon.socket)
    await connection.call('guard.add', { pattern: '*.sql', lock: 'database' })
    await connection.call('guard.add', { pattern: '*/db/*', lock: 'folder' })
    const check = (n: number) =>
      connection.call('guard.check', {
        session: `session-${n}`,
        tool: 'Write',
        input: { file_path: 'db/one.sql' },
        directory: place.project,
      })
    const all = await Promise.all(Array.from({ length: 40 }, (_, n) => check(n)))
    const allowed = all.filter((each) => each.allowed)
    expect(allowed).toEqual([{ allowed: true, locks: ['database', 'folder'] }])
    const { locks } = await connection.call('lock.list', {})
    expect(new Set(locks.map(({ holder }) => holder)).size).toBe(1)
  },
  timeout,
)

test(
  'a tool that is to wait gets the lock when it is free, and no lock is left to one who went away',
  async () => {
    await using place = await open()
    const { daemon, guard, use, hook, project } = place
    await guard('add', '*.sql', '--lock', 'database', '--wait', '30s')
    expect(await use(ann, 'Write', { file_path: 'x.sql' })).toBeUndefined()
    await using connection = await openConnection(daemon.socket)
    const line = async (length: number): Promise<void> => {
      while ((await connection.call('lock.get', { name: 'database' })).line !== length) await Bun.sleep(5)
    }
    const waiting = use(bob, 'Write', { file_path: 'x.sql' })
    await line(1)
    // Claude Code ends a hook when nobody waits for it any more
    const gone = Bun.spawn(
      [process.env['PAID_BIN'] ?? join(import.meta.dir, '../../dist/paid'), 'hook', '--reply'],
      {
        env: daemon.env,
        stdin: new Blob([
          JSON.stringify({
            session_id: 'carol',
            hook_event_name: 'PreToolUse',
            tool_name: 'Write',
            tool_input: { file_path: 'x.sql' },
            cwd: project,
          }),
        ]),
        stdout: 'pipe',
      },
    )
    await line(2)
    gone.kill('SIGTERM')
    await line(1)
    await hook(ann, 'Stop')
    expect(await waiting).toBeUndefined()
    expect(await holderOf(daemon, 'database')).toBe(`session:${bob}`)
    await hook(bob, 'Stop')
    expect(await holderOf(daemon, 'database')).toBeUndefined()
  },
  timeout,
)

test(
  'a lock that the session took itself is its own, and outlives its turn',
  async () => {
    await using place = await open()
    const { daemon, guard, use, hook } = place
    await guard('add', '*.sql', '--lock', 'database')
    const env = { CLAUDE_CODE_SESSION_ID: ann }
    expect((await daemon.run(['lock', 'database', '--ttl', '10m'], { env })).code).toBe(0)
    expect(await use(ann, 'Write', { file_path: 'x.sql' })).toBeUndefined()
    expect(await use(bob, 'Write', { file_path: 'x.sql' })).toContain(ann)
    await hook(ann, 'Stop')
    expect(await holderOf(daemon, 'database')).toBe(`session:${ann}`)
    expect((await daemon.run(['lock', 'database', '--', 'true'], { env })).code).toBe(0)
    expect(await holderOf(daemon, 'database')).toBeUndefined()

    // taken by a guard, then lengthened: it is the session's from then on
    expect(await use(ann, 'Write', { file_path: 'x.sql' })).toBeUndefined()
    expect((await daemon.run(['lock', 'database', '--ttl', '20m'], { env })).code).toBe(0)
    await hook(ann, 'Stop')
    expect(await use(bob, 'Write', { file_path: 'x.sql' })).toContain(ann)
    expect((await daemon.run(['unlock', 'database'], { env })).code).toBe(0)
    expect(await use(bob, 'Write', { file_path: 'x.sql' })).toBeUndefined()
  },
  timeout,
)

test(
  'without a daemon each guard does as it was told, also one that was killed in the middle of a wait',
  async () => {
    await using place = await open()
    const { daemon, guard, use } = place
    const { guards: file } = daemon.paths
    expect(existsSync(file)).toBe(false)
    await guard('add', '*.sql', '--lock', 'database', '--when-down', 'deny', '--wait', '1m')
    await guard('add', '*.md', '--lock', 'text', '--wait', '1m')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readGuards(file).map(({ pattern, whenDown }) => [pattern, whenDown])).toEqual([
      ['*.md', 'allow'],
      ['*.sql', 'deny'],
    ])
    expect(await use(ann, 'Write', { file_path: 'x.sql' })).toBeUndefined()
    expect(await use(ann, 'Write', { file_path: 'x.md' })).toBeUndefined()
    await using connection = await openConnection(daemon.socket)
    const line = async (name: string): Promise<void> => {
      while ((await connection.call('lock.get', { name })).line !== 1) await Bun.sleep(5)
    }
    const both = [use(bob, 'Write', { file_path: 'x.sql' }), use(bob, 'Write', { file_path: 'x.md' })]
    await Promise.all([line('database'), line('text')])
    await daemon.kill('SIGKILL')
    expect(await both[0]).toContain('does not answer')
    expect(await both[1]).toBeUndefined()
    expect(await use(ann, 'Bash', { command: 'rm *.sql' })).toContain('paid start')
    expect(await use(ann, 'Edit', { file_path: 'x.md' })).toBeUndefined()
    expect(await use(ann, 'Edit', { file_path: 'x.ts' })).toBeUndefined()

    // what was held is held; the file is as the daemon knows it
    writeFileSync(file, '{')
    await using again = await startDaemon({ home: daemon.home })
    expect(readGuards(file)).toHaveLength(2)
    const { use: useAgain, hook } = hooksOf(again, place.project)
    expect(await holderOf(again, 'database')).toBe(`session:${ann}`)
    expect(await useAgain(ann, 'Edit', { file_path: 'x.sql' })).toBeUndefined()
    await hook(ann, 'Stop')
    expect(await holderOf(again, 'database')).toBeUndefined()
    for (const pattern of ['*.sql', '*.md'])
      expect((await again.run(['guard', 'remove', pattern])).code).toBe(0)
    expect(existsSync(file)).toBe(false)
  },
  timeout,
)

test(
  'what a turn held is given back at its end, also when that comes after the daemon was killed, or before the next',
  async () => {
    await using place = await open()
    const { daemon, guard, use, hook } = place
    for (const lock of ['sql', 'md']) await guard('add', `*.${lock}`, '--lock', lock)
    await Promise.all([use(ann, 'Write', { file_path: 'x.sql' }), use(bob, 'Write', { file_path: 'x.md' })])
    await daemon.run(['lock', 'mine', '--holder', `session:${ann}`, '--ttl', '10m'])
    await daemon.kill('SIGKILL')
    await hook(bob, 'Stop')
    await using again = await startDaemon({ home: daemon.home })
    while ((await holderOf(again, 'md')) !== undefined) await Bun.sleep(5)
    expect(await holderOf(again, 'sql')).toBe(`session:${ann}`)
    await hooksOf(again, place.project).hook(ann, 'Stop')
    while ((await holderOf(again, 'sql')) !== undefined) await Bun.sleep(5)
    expect(await holderOf(again, 'mine')).toBe(`session:${ann}`)
  },
  timeout,
)

test(
  'guards are added, shown and removed, and their hook comes and goes with them',
  async () => {
    await using place = await open()
    const { daemon, guard, project } = place
    const settings = join(daemon.home, '.claude', 'settings.json')
    mkdirSync(join(daemon.home, '.claude'))
    writeFileSync(settings, '{\n  "model": "opus"\n}\n')
    const first = await guard('add', 'db/*', '--lock', 'database')
    expect(first.stderr).toContain('hooks install')
    expect((await daemon.run(['hooks', 'install'])).code).toBe(0)
    const groups = () => JSON.parse(readFileSync(settings, 'utf8')).hooks.PreToolUse
    expect(groups()).toMatchObject([
      { matcher: 'Bash|Edit|MultiEdit|NotebookEdit|Write', hooks: [{ args: ['hook', '--reply'] }] },
      { hooks: [{ args: ['hook'], async: true }] },
    ])
    expect(groups()[0].hooks[0].async).toBeUndefined()
    expect((await guard('remove', 'db/*')).code).toBe(0)
    expect(groups()).toMatchObject([{ hooks: [{ args: ['hook'], async: true }] }])
    const status = async () => (await daemon.run(['hooks', 'status'])).stdout
    expect(await status()).toContain('installed for all')
    const added = await guard('add', 'db/*', '--lock', 'database', '--wait', '10s', '--json')
    expect(JSON.parse(added.stdout)).toMatchObject({
      added: true,
      guard: { pattern: `${project}/db/*`, lock: 'database', wait: 10_000, whenDown: 'allow' },
      hooks: { changed: [settings], problems: [] },
    })
    expect(groups()).toHaveLength(2)
    // an install of one who knew no guards
    await daemon.run(['hooks', 'uninstall'])
    expect(readFileSync(settings, 'utf8')).toBe('{\n  "model": "opus"\n}\n')
    writeFileSync(join(daemon.home, 'held.json'), readFileSync(daemon.paths.guards))
    const entry = { type: 'command', command: '/x/paid', args: ['hook'], async: true }
    writeFileSync(settings, JSON.stringify({ hooks: { PreToolUse: [{ hooks: [entry] }] } }))
    expect(await status()).toContain('GUARDS ARE NOT ASKED')
    expect((await daemon.run(['doctor'])).stdout).toContain('asks no guard')
    const again = await guard('add', 'db/*', '--lock', 'database', '--wait', '10s')
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('guarded already') })
    expect(await status()).not.toContain('GUARDS')

    expect((await guard('list')).stdout).toContain('waits 10s, without a daemon: allow')
    expect(JSON.parse((await guard('list', '--json')).stdout)).toMatchObject([{ lock: 'database' }])
    expect(await guard('remove', 'nothing')).toMatchObject({ code: 1 })
    expect(await guard('add', 'db/*')).toMatchObject({ code: 2 })
    expect(await guard('add', '*.x', '--lock', 'a', '--when-down', 'perhaps')).toMatchObject({ code: 2 })
    const long = await guard('add', '*.x', '--lock', 'a', '--wait', '1h')
    expect(long).toMatchObject({ code: 2, stderr: expect.stringContaining('at most 5m, not 1h') })
  },
  timeout,
)
