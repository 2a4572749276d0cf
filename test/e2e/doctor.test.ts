// `paid doctor`: a healthy home passes, and every fault that is planted is found, with what to do. It only looks.

import { describe, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { acquireFileLock } from '../../src/lib/file-lock.ts'
import { pathsOf } from '../../src/paths.ts'
import type { Status } from '../../src/protocol/system.ts'
import { startDaemon, temporaryHome } from '../support/daemon.ts'
import { openHome, type TestHome } from '../support/home.ts'

type Finding = { name: string; state: 'ok' | 'warning' | 'failed'; found: string; advice: string | null }

/** What it finds, by name; the exit code is held against it each time. */
const examine = async (home: TestHome, env: Record<string, string> = {}) => {
  const { code, stdout, stderr } = await home.paid(['doctor', '--json'], { env })
  expect(stderr).toBe('')
  const findings: Finding[] = JSON.parse(stdout)
  expect(code).toBe(findings.some(({ state }) => state === 'failed') ? 1 : 0)
  for (const finding of findings) {
    expect(Object.keys(finding)).toEqual(['name', 'state', 'found', 'advice'])
    expect(finding.advice === null).toBe(finding.state === 'ok')
  }
  return {
    findings,
    /** those of a name that are not ok */
    wrong: (name: string) =>
      findings
        .filter((each) => each.name === name && each.state !== 'ok')
        .map(({ state, found }) => `${state}: ${found}`),
  }
}

const prompt = '{"hook_event_name":"UserPromptSubmit","session_id":"s","prompt":"hi"}'

const listing = (folder: string) =>
  readdirSync(folder, { recursive: true })
    .map((name) => String(name))
    .sort()

test('a healthy home: every check is ok, exit 0, aligned lines for people and one array for programs', async () => {
  await using home = openHome()
  await home.paid(['start'])
  await home.paid(['hooks', 'install'])
  await home.paid(['hook'], { stdin: prompt })
  const { findings } = await examine(home)
  expect(findings.filter(({ state }) => state !== 'ok')).toEqual([])
  expect([...new Set(findings.map(({ name }) => name))]).toEqual([
    'home',
    'files',
    'config',
    'daemon',
    'version',
    'sockets',
    'ports',
    'leftovers',
    'database',
    'spool',
    'disk',
    'hooks',
    'proxies',
  ])
  const { code, stdout, stderr } = await home.paid(['doctor'])
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
  const lines = stderr.trimEnd().split('\n')
  expect(lines.pop()).toBe('All is well.')
  expect(lines).toHaveLength(findings.length)
  for (const line of lines) expect(line).toMatch(/^ok {7}[a-z]+ +\S/)
  expect(new Set(lines.map((line) => line.search(/(?<=^ok {7}[a-z]+ +)\S/))).size).toBe(1)
}, 30_000)

test('a home where nothing ever ran is no failure, and stays as it is', async () => {
  await using home = openHome()
  const { wrong, findings } = await examine(home)
  expect(wrong('daemon')).toEqual(['warning: not running'])
  expect(findings.filter(({ state }) => state === 'failed')).toEqual([])
  expect(listing(home.paths.home)).toEqual([])
})

describe('the home', () => {
  test('that others can write to is refused, and nothing in it is believed', async () => {
    await using home = openHome()
    chmodSync(home.paths.home, 0o777)
    const { wrong, findings } = await examine(home)
    expect(wrong('home')).toEqual([expect.stringContaining('failed: Others can write')])
    expect(findings.map(({ name }) => name)).not.toContain('sockets')
  })

  test('that others can look into is a warning; a link to one is fine and named', async () => {
    await using home = openHome()
    chmodSync(home.paths.home, 0o755)
    expect((await examine(home)).wrong('home')).toEqual([expect.stringContaining('mode 755')])
    const link = `${home.paths.home}-link`
    symlinkSync(home.paths.home, link)
    chmodSync(home.paths.home, 0o700)
    const { findings } = await examine(home, { PAID_HOME: link })
    rmSync(link)
    expect(findings[0]).toMatchObject({ state: 'ok', found: expect.stringContaining('a link to') })
  })

  test('that is a file, or a link to nowhere', async () => {
    await using home = openHome()
    const place = join(home.paths.home, 'place')
    writeFileSync(place, '')
    expect((await examine(home, { PAID_HOME: place })).wrong('home')).toEqual([
      expect.stringContaining('not a folder'),
    ])
    rmSync(place)
    symlinkSync(join(home.paths.home, 'nowhere'), place)
    expect((await examine(home, { PAID_HOME: place })).wrong('home')).toEqual([
      expect.stringContaining('leads nowhere'),
    ])
  })

  test('with files that others can read, or that were planted', async () => {
    await using home = openHome()
    await home.paid(['start'])
    await home.paid(['stop'])
    const { token, log, database, config } = home.paths
    chmodSync(token, 0o644)
    chmodSync(log, 0o640)
    renameSync(database, `${database}.moved`)
    symlinkSync(`${database}.moved`, database)
    writeFileSync(config, '{"nonsense":1}')
    const { wrong } = await examine(home)
    expect(wrong('files')).toEqual([
      expect.stringContaining(`failed: ${token} has mode 644`),
      expect.stringContaining(`failed: ${database} is a symbolic link`),
      expect.stringContaining(`warning: ${log} has mode 640`),
    ])
    expect(wrong('config')).toEqual([expect.stringContaining('there is no option "nonsense"')])
  }, 30_000)
})

describe('sockets', () => {
  test('left by a daemon that was killed, with its daemon.json, are warnings that say what removes them', async () => {
    await using daemon = await startDaemon()
    const before = await daemon.run(['doctor', '--json'])
    expect(before.code).toBe(0)
    await daemon.kill('SIGKILL')
    const findings: Finding[] = JSON.parse((await daemon.run(['doctor', '--json'])).stdout)
    const wrong = findings.filter(({ state }) => state !== 'ok').map(({ name, found }) => `${name}: ${found}`)
    expect(wrong).toEqual([
      'daemon: not running',
      'sockets: paid.sock was left by a daemon that is gone',
      'sockets: http.sock was left by a daemon that is gone',
      `leftovers: daemon.json is of a daemon that is gone (pid ${daemon.pid})`,
      expect.stringContaining('hooks: not installed'),
    ])
    expect(existsSync(daemon.socket)).toBe(true)
  }, 30_000)

  test('that are missing, open to others, or something else', async () => {
    await using home = openHome()
    await home.paid(['start'])
    chmodSync(home.paths.socket, 0o666)
    rmSync(home.paths.httpSocket)
    expect((await examine(home)).wrong('sockets')).toEqual([
      expect.stringContaining('failed: paid.sock has mode 666'),
      expect.stringContaining('failed: http.sock is missing'),
    ])
    await home.paid(['stop'])
    writeFileSync(home.paths.httpSocket, '')
    using stranger = Bun.listen({ unix: home.paths.socket, socket: { data() {} } })
    expect((await examine(home)).wrong('sockets')).toEqual([
      expect.stringContaining(`failed: something listens at ${home.paths.socket}`),
      expect.stringContaining('is not a socket'),
    ])
    expect(stranger.unix).toBe(home.paths.socket)
  }, 30_000)

  test('of a daemon that hangs', async () => {
    await using daemon = await startDaemon()
    await daemon.kill('SIGSTOP')
    const { code, stdout } = await daemon.run(['doctor', '--json'])
    expect(code).toBe(1)
    const findings: Finding[] = JSON.parse(stdout)
    expect(findings.find(({ name }) => name === 'daemon')).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('does not answer'),
    })
  }, 40_000)
})

test('a port that another program or another home has', async () => {
  using taken = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('hello') })
  await using other = await startDaemon()
  await using home = openHome()
  const { port } = new URL(other.url)
  const { wrong } = await examine(home, { PAID_LISTEN: `127.0.0.1:${taken.port} 127.0.0.1:${port}` })
  expect(wrong('ports')).toEqual([
    expect.stringContaining(`failed: port ${taken.port} of 127.0.0.1 is taken by another program`),
    expect.stringContaining(`failed: port ${port} of 127.0.0.1 is taken by a daemon of another home`),
  ])
  const blocked = await home.paid(['start', '--foreground', '--listen', `127.0.0.1:${taken.port}`])
  expect(blocked).toMatchObject({ code: 1, stderr: expect.stringContaining('taken by another program') })
}, 30_000)

test('half-written files of processes that died, and not those that are being written', async () => {
  await using home = openHome()
  mkdirSync(home.paths.spool, { mode: 0o700 })
  const old = [`${home.paths.daemon}.0123456789abcdef`, join(home.paths.spool, '.tmp-1-a')]
  for (const path of [...old, join(home.paths.spool, '.tmp-2-b')]) writeFileSync(path, '', { mode: 0o600 })
  for (const path of old) utimesSync(path, 1, 1)
  const { findings } = await examine(home)
  expect(findings.find(({ name }) => name === 'leftovers')).toMatchObject({
    state: 'warning',
    advice: `rm ${old.join(' ')}`,
  })
})

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
      expect.stringContaining('has them for 1 events, not for'),
    ])
    writeFileSync(settings(home), '{"hooks": [}')
    expect((await examine(home)).wrong('hooks')).toEqual([
      expect.stringContaining('failed: '),
      expect.stringContaining('not installed'),
    ])
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
