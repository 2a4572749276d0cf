// `paid doctor` on what a daemon hears and keeps: hooks, proxies, the database, the spool, and a daemon that is not well.

import { describe, expect, test } from 'bun:test'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Database } from 'bun:sqlite'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { acquireFileLock } from '../../src/lib/file-lock.ts'
import { pathsOf } from '../../src/paths.ts'
import type { Status } from '../../src/protocol/system.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { examine, listing, prompt } from '../support/doctor.ts'
import { openHome, type TestHome } from '../support/home.ts'
import { createTranscript, writeTranscript } from '../support/transcripts.ts'

describe('hooks', () => {
  const settings = (home: TestHome) => join(home.paths.home, '.claude', 'settings.json')

  test('installed, but none has come', async () => {
    await using home = openHome()
    await home.paid(['start'])
    expect((await examine(home)).wrong('hooks')).toEqual([expect.stringContaining('not installed')])
    await home.paid(['hooks', 'install'])
    expect((await examine(home)).wrong('hooks')).toEqual(['warning: no hook event has come yet'])
  }, 30_000)

  test('that lead nowhere, are switched off, or stand in a file nobody can read', async () => {
    await using home = openHome()
    await home.paid(['hooks', 'install'])
    const lived: object = JSON.parse(readFileSync(settings(home), 'utf8'))
    const entry = { type: 'command', command: '/gone/paid', args: ['hook'] }
    writeFileSync(
      settings(home),
      JSON.stringify({ ...lived, disableAllHooks: true, hooks: { Stop: [{ hooks: [entry] }] } }),
    )
    expect((await examine(home)).wrong('hooks')).toEqual([
      expect.stringMatching(/^failed: .* runs \/gone\/paid, which is not there$/),
      expect.stringContaining('switches all hooks off'),
      expect.stringContaining('has those for Stop in an earlier form'),
      expect.stringContaining('has them for 1 events, not for'),
    ])
    writeFileSync(settings(home), '{"hooks": [}')
    expect((await examine(home)).wrong('hooks')).toEqual([
      expect.stringContaining('failed: '),
      expect.stringContaining('not installed'),
    ])
  }, 30_000)
})

describe('Claude Code', () => {
  test('which version there is; or that there is none, or something else', async () => {
    await using home = openHome()
    const script = (text: string): string => {
      const path = join(home.paths.home, 'claude')
      writeFileSync(path, text, { mode: 0o755 })
      return path
    }
    const asked = async (path: string) => {
      const { findings } = await examine(home, { PAID_CLAUDE: path, PATH: '/nowhere' })
      return findings.filter(({ name }) => name === 'claude').map(({ state, found }) => `${state}: ${found}`)
    }
    const path = script('#!/bin/sh\necho "2.1.329 (Claude Code)"\n')
    expect(await asked(path)).toEqual([`ok: Claude Code 2.1.329, ${path}`])
    expect(await asked('')).toEqual([expect.stringContaining('warning: there is none in the PATH')])
    expect(await asked('/gone/claude')).toEqual([expect.stringContaining('failed: there is no program')])
    script('#!/bin/sh\necho "1.0.3 (Claude Code)"\n')
    expect(await asked(path)).toEqual([expect.stringContaining('failed: ')])
  }, 30_000)
})

describe('a proxy', () => {
  const caught: Record<string, string>[] = [
    { HTTP_PROXY: 'http://user:secret@proxy:3128' },
    { http_proxy: 'http://proxy:3128', NO_PROXY: '127.0.0.1' },
    { ALL_PROXY: 'socks5://proxy', no_proxy: 'localhost,.internal' },
    { HTTP_PROXY: 'http://proxy', NO_PROXY: '127.0.0.1,localhost', no_proxy: 'example.com' },
  ]
  const spared: Record<string, string>[] = [
    {},
    { NO_PROXY: 'example.com' },
    { HTTP_PROXY: '' },
    { HTTP_PROXY: 'http://proxy', NO_PROXY: '127.0.0.1, localhost' },
    { HTTP_PROXY: 'http://proxy', no_proxy: '127.0.0.0/8,LOCALHOST' },
    { ALL_PROXY: 'http://proxy', no_proxy: '*' },
  ]

  test.each(caught)('that catches 127.0.0.1 or localhost: %o', async (env) => {
    await using home = openHome()
    const { wrong, findings } = await examine(home, env)
    expect(wrong('proxies')).toEqual([expect.stringContaining('would catch')])
    expect(JSON.stringify(findings)).not.toContain('secret')
  })

  test.each(spared)('that does not: %o', async (env) => {
    await using home = openHome()
    expect((await examine(home, env)).wrong('proxies')).toEqual([])
  })

  test('does not keep the doctor from the daemon', async () => {
    await using home = openHome()
    await home.paid(['start'])
    const { wrong } = await examine(home, {
      HTTP_PROXY: 'http://127.0.0.1:1',
      http_proxy: 'http://127.0.0.1:1',
    })
    expect([...wrong('ports'), ...wrong('sockets')]).toEqual([])
  }, 30_000)
})

describe('the database', () => {
  test('that was stopped whole is looked at without a trace', async () => {
    await using home = openHome()
    await home.paid(['start'])
    await home.paid(['emit', 'x'])
    await home.paid(['stop'])
    const before = listing(home.paths.home)
    const { findings } = await examine(home)
    expect(findings).toContainEqual({ name: 'database', state: 'ok', found: 'whole', advice: null })
    expect(listing(home.paths.home)).toEqual(before)
  }, 30_000)

  test('that was killed is whole too; damaged is failed', async () => {
    await using daemon = await startDaemon()
    for (let n = 0; n < 20; n++)
      await daemon.run(['emit', `type.${n}`, JSON.stringify({ text: 'x'.repeat(4000) })])
    await daemon.kill('SIGKILL')
    const database = async () => {
      const findings: Finding[] = JSON.parse((await daemon.run(['doctor', '--json'])).stdout)
      return findings.find(({ name }) => name === 'database')
    }
    expect(await database()).toMatchObject({ state: 'ok', found: 'whole' })
    // The next start and stop put everything into the one file.
    await daemon.run(['start', '--listen', '127.0.0.1:0'])
    await daemon.run(['stop'])
    const bytes = readFileSync(daemon.paths.database)
    bytes.fill(0x5a, 4096 * 2)
    writeFileSync(daemon.paths.database, bytes)
    expect(await database()).toMatchObject({ state: 'failed', found: expect.stringContaining('damaged') })
  }, 30_000)
})

describe('the archive', () => {
  const archiveOf = async ({ run }: TestDaemon): Promise<Finding | undefined> => {
    const findings: Finding[] = JSON.parse((await run(['doctor', '--json'])).stdout)
    return findings.find(({ name }) => name === 'archive')
  }
  const startKept = async () => {
    const daemon = await startDaemon()
    expect(await archiveOf(daemon)).toMatchObject({ state: 'ok', found: 'none yet' })
    const t = createTranscript()
    for (let n = 0; n < 300; n++) t.prompt(`${n} ${crypto.randomUUID().repeat(20)}`)
    const projects = join(daemon.home, 'projects')
    writeTranscript(projects, t)
    await daemon.run(['import', projects])
    return daemon
  }
  const whole = {
    state: 'ok',
    found: expect.stringMatching(/^[\d.]+ [KM]iB, schema 1, whole$/),
    advice: null,
  }

  test('is looked at while a daemon has it, after a kill, and closed, without a trace', async () => {
    await using daemon = await startKept()
    expect(await archiveOf(daemon)).toMatchObject(whole)
    await daemon.kill('SIGKILL')
    expect(await archiveOf(daemon)).toMatchObject(whole)
    await daemon.run(['start', '--listen', '127.0.0.1:0'])
    await daemon.run(['sessions'])
    await daemon.run(['stop'])
    const before = listing(daemon.home)
    expect(await archiveOf(daemon)).toMatchObject(whole)
    expect(listing(daemon.home)).toEqual(before)
  }, 30_000)

  test('that is damaged, or of a newer paid, is failed', async () => {
    await using daemon = await startKept()
    await daemon.run(['stop'])
    const { archive } = daemon.paths
    {
      using database = new Database(archive)
      database.run('PRAGMA user_version = 99')
    }
    expect(await archiveOf(daemon)).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('has schema 99'),
    })
    const bytes = readFileSync(archive)
    bytes.fill(0x5a, 8192 * 2)
    bytes[63] = 1
    writeFileSync(archive, bytes)
    expect(await archiveOf(daemon)).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('cannot be relied on'),
      advice: expect.stringContaining('paid import'),
    })
    writeFileSync(archive, 'no database at all, but long enough to be one')
    expect(await archiveOf(daemon)).toMatchObject({ state: 'failed' })
  }, 30_000)
})

test('the spool: what waits, what was dropped, what was refused', async () => {
  await using home = openHome()
  await home.paid(['hook'], { stdin: prompt })
  writeFileSync(join(home.paths.spool, 'dropped'), '...', { mode: 0o600 })
  writeFileSync(join(home.paths.spool, 'refused-1-x.json'), '', { mode: 0o600 })
  expect((await examine(home)).wrong('spool')).toEqual([
    'warning: 1 waiting for a daemon',
    'warning: 3 were dropped, as it was full',
    'warning: 1 could not be taken in and were put aside',
  ])
})

test('a daemon of another version, that cannot write, whose database is damaged, and whose address somebody else has', async () => {
  using stranger = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => Response.json({ uptime: 1e6 }) })
  const url = `http://127.0.0.1:${stranger.port}`
  await using sound = await startDaemon()
  const told: Status = JSON.parse((await sound.run(['status', '--json'])).stdout)
  const log = { ...told.log, writable: false, check: 'damaged' as const }
  const status: Status = { ...told, version: '9.9.9', urls: [url], log }

  const home = temporaryHome()
  const standIn = pathsOf(home)
  using lock = acquireFileLock(standIn.lock)
  expect(lock).toBeDefined()
  writeFileSync(standIn.daemon, JSON.stringify({ pid: 1 }), { mode: 0o600 })
  using socket = Bun.listen({
    unix: standIn.socket,
    socket: {
      data: (connection, bytes) => {
        for (const line of bytes.toString().trim().split('\n')) {
          const { id, method } = JSON.parse(line)
          connection.write(
            `${JSON.stringify({ id, result: method === 'system.status' ? status : { events: [] } })}\n`,
          )
        }
      },
    },
  })
  expect(socket.unix).toBe(standIn.socket)
  const { code, stdout } = await sound.run(['doctor', '--json'], { env: { PAID_HOME: home } })
  rmSync(home, { recursive: true })
  expect(code).toBe(1)
  const findings: Finding[] = JSON.parse(stdout)
  const wrong = findings
    .filter(({ state }) => state !== 'ok')
    .map(({ name, state, found }) => `${name} ${state}: ${found}`)
  expect(wrong).toEqual(
    expect.arrayContaining([
      expect.stringContaining('version warning: the daemon is 9.9.9'),
      'database failed: damaged',
      expect.stringContaining('database failed: cannot be written'),
      `ports failed: another program answers at ${url}`,
      `leftovers warning: daemon.json names pid 1, the daemon is ${told.pid}`,
    ]),
  )
}, 30_000)
