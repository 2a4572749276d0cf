// `paid doctor` on a home and the doors of its daemon: a healthy one passes, every fault that is planted is found, with
// what to do. It only looks.

import { describe, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { startDaemon } from '../support/daemon.ts'
import { examine, listing, prompt } from '../support/doctor.ts'
import { openHome } from '../support/home.ts'
import { writeScriptedClaude } from '../support/sessions.ts'

test('a healthy home: every check is ok, exit 0, aligned lines for people and one array for programs', async () => {
  await using home = openHome()
  const env = { PAID_CLAUDE: writeScriptedClaude(join(home.paths.home, 'bin')) }
  await home.paid(['start'])
  await home.paid(['hooks', 'install'])
  await home.paid(['hook'], { stdin: prompt })
  const { findings } = await examine(home, env)
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
    'archive',
    'spool',
    'disk',
    'hooks',
    'claude',
    'proxies',
  ])
  const { code, stdout, stderr } = await home.paid(['doctor'], { env })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const lines = stdout.trimEnd().split('\n')
  expect(lines.pop()).toBe('All is well.')
  expect(lines).toHaveLength(findings.length)
  for (const line of lines) expect(line).toMatch(/^✔ ok {7}[a-z]+ +\S/)
  expect(new Set(lines.map((line) => line.search(/(?<=^✔ ok {7}[a-z]+ +)\S/))).size).toBe(1)
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
    rmSync(config)
    expect((await examine(home, { PAID_TOKEN: 'too-short' })).wrong('config')).toEqual([
      expect.stringContaining('failed: PAID_TOKEN: a token has 16 characters'),
    ])
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
      expect.stringContaining('claude: there is none'),
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
