// The archive from outside: the compiled binary, real files, hooks as Claude Code sends them.

import { expect, test } from 'bun:test'
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { paidBinary, withDaemon } from '../support/daemon.ts'
import { shown, tellHook, until } from '../support/shown.ts'
import { createTranscript, writeAgent, writeTranscript } from '../support/transcripts.ts'

test('a session that hooks tell of is kept as it goes, agents too, and stays when its files are gone', () =>
  withDaemon({}, async (daemon) => {
    const t = createTranscript()
    t.prompt('live')
    const projects = join(daemon.home, '.claude', 'projects')
    const path = writeTranscript(projects, t)
    await tellHook(daemon, path, t, { hook_event_name: 'UserPromptSubmit', prompt: 'live' })
    await until(
      () => shown(daemon, t.id),
      (texts) => texts.length === 1,
    )
    const agent = createTranscript({ id: t.id, agent: 'a1' })
    agent.answer('from the agent')
    writeAgent(path, 'a1', agent.text())
    t.answer('answered')
    appendFileSync(path, `${t.lines.at(-1)}\n`)
    await tellHook(daemon, path, t, { hook_event_name: 'Stop' })
    await until(
      () => shown(daemon, t.id),
      (texts) => texts.length === 3,
    )
    // the tool writes its last lines after its hooks
    await tellHook(daemon, path, t, { hook_event_name: 'SessionEnd', reason: 'other' })
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

test('a file that is excluded while the daemon runs is not kept from then on', () =>
  withDaemon({}, async (daemon) => {
    const t = createTranscript()
    const read = async (text: string) => {
      t.result(t.tool('Read', { file_path: '/home/me/server.pem' }), text)
      const path = writeTranscript(join(daemon.home, 'projects'), t)
      await tellHook(daemon, path, t, { hook_event_name: 'Stop' })
    }
    const results = async () => (await shown(daemon, t.id)).filter((text) => !text.includes('server.pem'))
    await read('the old key')
    await until(results, (texts) => texts.length === 1)
    writeFileSync(
      join(daemon.home, '.promptrc.json'),
      JSON.stringify({ privacy: { excludePatterns: ['*.pem'] } }),
    )
    const counting = async () => (await daemon.run(['call', 'capture.status'])).stdout
    await until(counting, (status) => status.includes('*.pem'))
    await read('the new key')
    expect(await until(results, (texts) => texts.length === 2)).toEqual([
      'the old key',
      '[withheld: the file is excluded]',
    ])
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
      await tellHook(daemon, String(each), t, { hook_event_name: 'Stop', transcript_path: each })
    await tellHook(daemon, path, right, { hook_event_name: 'Stop' })
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
    await tellHook(daemon, path, t, { hook_event_name: 'Stop' })
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
    await tellHook(daemon, writeTranscript(projects, old), old, {
      hook_event_name: 'SessionEnd',
      reason: 'clear',
    })
    await tellHook(daemon, writeTranscript(projects, next), next, {
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
    const nowhere = join(daemon.home, 'no', 'talk.md')
    expect(await daemon.run(['sessions', 'export', t.id, '--out', nowhere])).toEqual({
      code: 1,
      stdout: '',
      stderr: `paid: ${nowhere} cannot be written: there is no such folder\n  Name a file in a folder of yours.\n`,
    })
    // listed, but nothing that could be steered: where it can be read is said
    for (const verb of ['watch', 'stop', 'resume'])
      expect((await daemon.run(['sessions', verb, t.id])).stderr).toContain('paid sessions show')
  }))
