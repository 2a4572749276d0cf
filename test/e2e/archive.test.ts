// The archive from outside: the compiled binary, real files, hooks as Claude Code sends them.

import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { paidBinary, startDaemon, type TestDaemon, withDaemon } from '../support/daemon.ts'
import { shown, until } from '../support/shown.ts'
import { createTranscript, type Transcript, writeAgent, writeTranscript } from '../support/transcripts.ts'

const hook = async (
  daemon: TestDaemon,
  path: string,
  transcript: Transcript,
  more: object,
): Promise<void> => {
  const { code } = await daemon.run(['hook'], {
    stdin: JSON.stringify({
      session_id: transcript.id,
      transcript_path: path,
      cwd: '/home/me/project',
      ...more,
    }),
  })
  expect(code).toBe(0)
}

test('a session that hooks tell of is kept as it goes, agents too, and stays when its files are gone', () =>
  withDaemon({}, async (daemon) => {
    const t = createTranscript()
    t.prompt('live')
    const projects = join(daemon.home, '.claude', 'projects')
    const path = writeTranscript(projects, t)
    await hook(daemon, path, t, { hook_event_name: 'UserPromptSubmit', prompt: 'live' })
    await until(
      () => shown(daemon, t.id),
      (texts) => texts.length === 1,
    )
    const agent = createTranscript({ id: t.id, agent: 'a1' })
    agent.answer('from the agent')
    writeAgent(path, 'a1', agent.text())
    t.answer('answered')
    appendFileSync(path, `${t.lines.at(-1)}\n`)
    await hook(daemon, path, t, { hook_event_name: 'Stop' })
    await until(
      () => shown(daemon, t.id),
      (texts) => texts.length === 3,
    )
    // the tool writes its last lines after its hooks
    await hook(daemon, path, t, { hook_event_name: 'SessionEnd', reason: 'other' })
    t.raw('{"type":"cost-state","totalCostUSD":0.125}')
    t.prompt('late')
    appendFileSync(path, `${t.lines.at(-2)}\n${t.lines.at(-1)}\n`)
    await until(
      () => shown(daemon, t.id),
      (texts) => texts.length === 4,
    )
    rmSync(projects, { recursive: true })
    expect(await shown(daemon, t.id.slice(0, 8))).toContain('from the agent')
    const listed = JSON.parse((await daemon.run(['sessions', '--json'])).stdout)
    expect(listed).toMatchObject([
      { id: t.id, title: 'live', lastType: 'SessionEnd', archived: { cost: 0.125 } },
    ])
    const told = async () =>
      JSON.parse((await daemon.run(['events', '--all', '--type', 'session.archived', '--json'])).stdout).at(
        -1,
      ).data
    await until(told, ({ session, messages, records }) => session === t.id && messages === 4 && records === 5)
    expect(statSync(daemon.paths.archive).mode & 0o777).toBe(0o600)
  }))

test('what a hook names and is no transcript of its session is not read', () =>
  withDaemon({}, async (daemon) => {
    const t = createTranscript()
    t.prompt('not yours to keep')
    const wrong = join(daemon.home, 'projects', 'p', 'another.jsonl')
    mkdirSync(join(wrong, '..'), { recursive: true })
    writeFileSync(wrong, t.text())
    const outside = join(daemon.home, `${t.id}.jsonl`)
    writeFileSync(outside, t.text())
    const right = createTranscript()
    right.prompt('the right one')
    const path = writeTranscript(join(daemon.home, 'projects'), right)
    for (const each of [wrong, outside, `${daemon.home}/projects/p/../../${t.id}.jsonl`, '/etc/passwd', 7])
      await hook(daemon, String(each), t, { hook_event_name: 'Stop', transcript_path: each })
    await hook(daemon, path, right, { hook_event_name: 'Stop' })
    await until(
      () => shown(daemon, right.id),
      (texts) => texts.length === 1,
    )
    expect(await shown(daemon, t.id)).toEqual([])
  }))

test('nothing that hooks tell of is kept when `capture.transcripts` is false', () =>
  withDaemon({ config: { capture: { transcripts: false } } }, async (daemon) => {
    const t = createTranscript()
    t.prompt('x')
    const path = writeTranscript(join(daemon.home, 'projects'), t)
    await hook(daemon, path, t, { hook_event_name: 'Stop' })
    const listed = JSON.parse((await daemon.run(['sessions', '--json'])).stdout)
    expect(listed).toMatchObject([{ id: t.id }])
    expect(listed[0]).not.toHaveProperty('archived')
    expect(existsSync(daemon.paths.archive)).toBe(false)
  }))

test('/clear joins the new session to the old one', () =>
  withDaemon({}, async (daemon) => {
    const [old, next] = [createTranscript(), createTranscript({ at: Date.UTC(2026, 5, 2) })]
    old.prompt('before')
    next.prompt('after')
    const projects = join(daemon.home, 'projects')
    await hook(daemon, writeTranscript(projects, old), old, {
      hook_event_name: 'SessionEnd',
      reason: 'clear',
    })
    await hook(daemon, writeTranscript(projects, next), next, {
      hook_event_name: 'SessionStart',
      source: 'clear',
    })
    const look = async () =>
      JSON.parse((await daemon.run(['sessions', 'show', next.id, '--json'])).stdout || '{}')
    const { session } = await until(look, (found) => found.session?.messages === 1)
    expect(session).toMatchObject({ parent: old.id, parentKind: 'clear' })
  }))

test('`paid import` keeps what was written before, says what it could not read, and adds nothing when run again', () =>
  withDaemon({}, async (daemon) => {
    const projects = join(daemon.home, '.claude', 'projects')
    const t = createTranscript()
    t.prompt('long ago')
    t.raw('{"cut')
    writeTranscript(projects, t)
    const first = await daemon.run(['import'])
    expect(first.stdout).toBe('Kept 1 message of 1 session, 0.0 MB in 1 file.\n')
    expect(first.stderr).toContain('1 line could not be read: 1 not JSON')
    const again = await daemon.run(['import'])
    expect(again).toMatchObject({ code: 0, stdout: 'Nothing new in 1 file.\n', stderr: '' })
    expect((await daemon.run(['import', '--since', '1h'])).stdout).toContain('1 file')
    expect((await daemon.run(['import', '--since', '2100-01-01'])).stdout).toContain('0 files')
    const elsewhere = await daemon.run(['import'], { env: { CLAUDE_CONFIG_DIR: join(daemon.home, 'none') } })
    expect(elsewhere).toMatchObject({ code: 1 })
    expect(await daemon.run(['import', '--since', 'soon'])).toMatchObject({ code: 2 })
  }))

test('an import ends with the command that asked for it, and goes on when it is run again', () =>
  withDaemon({}, async (daemon) => {
    const projects = join(daemon.home, '.claude', 'projects')
    const transcripts = Array.from({ length: 40 }, () => createTranscript())
    for (const t of transcripts) {
      for (let at = 0; at < 100; at++) t.prompt(`${at} ${'words of a prompt '.repeat(200)}`)
      writeTranscript(projects, t)
    }
    const command = Bun.spawn([paidBinary, 'import'], {
      env: daemon.env,
      stdio: ['ignore', 'ignore', 'ignore'],
    })
    const kept = async (): Promise<number> =>
      JSON.parse((await daemon.run(['sessions', '--json', '-n', '100'])).stdout).length
    await until(kept, (count) => count > 0)
    command.kill('SIGINT')
    await command.exited
    const { stdout } = await daemon.run(['import', '--json'])
    expect(JSON.parse(stdout).records).toBeGreaterThan(0)
    expect(await kept()).toBe(40)
    expect((await daemon.run(['import'])).stdout).toBe('Nothing new in 40 files.\n')
  }))

test('an export is written whole or not at all, and for its owner alone', () =>
  withDaemon({}, async (daemon) => {
    const t = createTranscript()
    t.prompt(`token ghp_${'a1B2c3D4e5F6'.repeat(3)}`)
    writeTranscript(join(daemon.home, '.claude', 'projects'), t)
    await daemon.run(['import'])
    const out = join(daemon.home, 'talk.html')
    const { stderr, code } = await daemon.run(['sessions', 'export', t.id, '--format', 'html', '--out', out])
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('redacted:') })
    expect(readFileSync(out, 'utf8')).toContain('[redacted:github-token]')
    expect(statSync(out).mode & 0o777).toBe(0o600)
    expect((await daemon.run(['sessions', 'export', t.id])).stdout).toStartWith('# token')
    expect((await daemon.run(['sessions', 'export', t.id, '--format', 'pdf'])).code).toBe(2)
    const gone = await daemon.run(['sessions', 'export', 'nobody', '--out', join(daemon.home, 'none')])
    expect(gone.code).toBe(1)
    expect(existsSync(join(daemon.home, 'none'))).toBe(false)
  }))

test.skipIf(!Bun.which('prlimit'))(
  'a disk that is full is said, costs no hook anything, and what was not kept is kept later',
  async () => {
    await using daemon = await startDaemon({ through: ['sh', '-c', 'trap "" XFSZ; exec "$@"', 'sh'] })
    const limitFiles = (bytes: string) =>
      Bun.spawnSync(['prlimit', '--pid', `${daemon.pid}`, `--fsize=${bytes}:unlimited`])
    const transcripts = Array.from({ length: 6 }, () => createTranscript())
    for (const t of transcripts) {
      for (let at = 0; at < 40; at++)
        t.prompt(Array.from({ length: 800 }, () => crypto.randomUUID()).join('-'))
      writeTranscript(join(daemon.home, '.claude', 'projects'), t)
    }
    limitFiles(`${3 * 2 ** 20}`)
    const full = await daemon.run(['import'])
    expect({ code: full.code, stderr: full.stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('The archive cannot be used'),
    })
    const t = createTranscript()
    await hook(daemon, join(daemon.home, 'projects', 'p', `${t.id}.jsonl`), t, { hook_event_name: 'Stop' })
    expect(JSON.parse((await daemon.run(['sessions', '--json'])).stdout)).toContainEqual(
      expect.objectContaining({ id: t.id }),
    )
    limitFiles('unlimited')
    expect((await daemon.run(['import'])).code).toBe(0)
    expect((await daemon.run(['archive', 'verify'])).code).toBe(0)
    for (const { id, lines } of transcripts) expect(await shown(daemon, id)).toHaveLength(lines.length)
  },
)

test('an archive that is no database is said, and sessions are still listed', async () => {
  await using first = await startDaemon()
  const { home } = first
  const t = createTranscript()
  await hook(first, '/nowhere', t, { hook_event_name: 'Stop' })
  await first.kill('SIGTERM')
  writeFileSync(first.paths.archive, 'not a database at all, whatever its name says'.repeat(100))
  await using daemon = await startDaemon({ home })
  const { stdout, stderr, code } = await daemon.run(['sessions', '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('The archive cannot be used') })
  expect(JSON.parse(stdout)).toMatchObject([{ id: t.id }])
  expect((await daemon.run(['archive', 'verify'])).code).toBe(1)
})

test('`paid archive verify` exits 1 when a byte was changed, and names where', async () => {
  await using daemon = await startDaemon()
  const t = createTranscript()
  t.prompt('precious')
  writeTranscript(join(daemon.home, '.claude', 'projects'), t)
  await daemon.run(['import'])
  expect(await daemon.run(['archive', 'verify'])).toMatchObject({ code: 0 })
  await daemon.kill()
  {
    using database = new Database(daemon.paths.archive)
    const row = database.query<{ data: Uint8Array }, []>('SELECT data FROM chunks').get()
    const data = Buffer.from(row?.data ?? [])
    data[20] = (data[20] ?? 0) ^ 1
    database.query('UPDATE chunks SET data = ?').run(data)
  }
  await using next = await startDaemon({ home: daemon.home })
  const { code, stderr } = await next.run(['archive', 'verify'])
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`session ${t.id}, chunk 0`) })
  const { damaged } = JSON.parse((await next.run(['archive', 'verify', '--json'])).stdout)
  expect(damaged).toMatchObject([{ session: t.id, chunk: 0 }])
})

test('a daemon killed in the middle of an import goes on where it was: everything is whole, nothing twice', async () => {
  await using first = await startDaemon()
  const { home } = first
  const projects = join(home, '.claude', 'projects')
  const transcripts = Array.from({ length: 12 }, (_, number) => {
    const t = createTranscript({ at: Date.UTC(2026, 4, number + 1) })
    for (let at = 0; at < 400; at++) {
      t.prompt(`${number}-${at} ${'some words of a prompt '.repeat(40)}`)
      t.answer(`answer ${number}-${at} ${'and of an answer '.repeat(40)}`, `msg_${number}_${at}`)
    }
    writeTranscript(projects, t)
    return t
  })
  const kept = (): number => {
    if (!existsSync(first.paths.archive)) return 0
    using database = new Database(first.paths.archive, { readonly: true })
    try {
      return (
        database.query<{ sum: number | null }, []>('SELECT sum(messages) AS sum FROM sessions').get()?.sum ??
        0
      )
    } catch {
      return 0
    }
  }
  const all = transcripts.length * 800
  let daemon = first
  for (const goal of [1, all / 4, all / 2]) {
    const importing = daemon.run(['import'])
    await until(
      async () => kept(),
      (sum) => sum >= goal,
    )
    await daemon.kill('SIGKILL')
    expect((await importing).code).not.toBe(0)
    daemon = await startDaemon({ home })
  }
  expect(kept()).toBeLessThanOrEqual(all)
  expect((await daemon.run(['archive', 'verify'])).code).toBe(0)
  expect((await daemon.run(['import'])).code).toBe(0)
  expect((await daemon.run(['archive', 'verify'])).code).toBe(0)
  expect(kept()).toBe(all)
  for (const t of transcripts) {
    const { stdout } = await daemon.run(['sessions', 'export', t.id, '--format', 'jsonl'])
    expect(stdout === t.text()).toBe(true)
  }
  using database = new Database(daemon.paths.archive, { readonly: true })
  const count = (sql: string) => database.query<{ n: number }, []>(sql).get()?.n
  expect(count("SELECT count(*) AS n FROM words WHERE words MATCH 'prompt'")).toBe(all / 2)
  expect(count('SELECT count(DISTINCT uuid) AS n FROM messages')).toBe(all)
  expect(count('SELECT sum(output_tokens) AS n FROM sessions')).toBe(all * 5)
  await daemon.stop()
}, 60_000)
