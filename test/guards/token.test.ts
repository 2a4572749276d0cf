// Guards 12 and 13: who comes over TCP without the token, and where the token itself may never be seen.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { clientAddress } from '../../src/transport/http/client-address.ts'
import { limits } from '../../src/protocol/limits.ts'
import { runPaid, startDaemon, type TestDaemon } from '../support/daemon.ts'
import { hostOf, sendRaw, upgrade } from '../support/raw-http.ts'

let daemon: TestDaemon
beforeAll(async () => {
  daemon = await startDaemon()
}, 30_000)
afterAll(() => daemon.stop())

const get = (from: TestDaemon, path: string, headers: string[] = []) =>
  sendRaw(from.url, [`GET ${path} HTTP/1.1`, `Host: ${hostOf(from.url)}`, ...headers])

test('guard 12: no token, a wrong one and one of another length get the same 401, and 429 after too many', async () => {
  const { token } = daemon
  const wrong = [
    '',
    'x',
    token.slice(0, -1),
    `${token}x`,
    `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
    token.toLowerCase() === token ? token.toUpperCase() : token.toLowerCase(),
    token.repeat(50),
    `${token}, ${token}`,
    `"${token}"`,
    'é',
  ]
  const attempts = [
    [],
    ...wrong.map((shown) => [`Authorization: Bearer ${shown}`]),
    [`Authorization: Basic ${btoa(`paid:${token}`)}`],
    [`Authorization: ${token}`],
    [`Authorization: Bearer wrong`, `X-Api-Key: ${token}`],
    ['X-Api-Key: wrong'],
    [`X-Paid-Token: ${token}`],
  ]
  expect(attempts.length).toBeLessThan(limits.authFailures)
  const refused = new Set<string>()
  for (const headers of attempts) refused.add((await get(daemon, '/events', headers)).whole)
  for (const path of [`/events?token=${token}`, `/events?apiKey=${token}`])
    refused.add((await get(daemon, path)).whole)
  expect([...refused]).toEqual([expect.stringMatching(/^HTTP\/1.1 401 .*\n.*www-authenticate: bearer/s)])

  for (let n = attempts.length + 2; n < limits.authFailures; n++) await get(daemon, '/nothing')
  const late = await get(daemon, '/events', ['Authorization: Bearer wrong'])
  expect(late.status).toBe(429)
  const wait = Number(/^retry-after: (\d+)$/m.exec(late.headers)?.[1])
  expect(wait).toBeGreaterThan(0)
  expect(wait).toBeLessThanOrEqual(limits.authPauseMs / 1000)
  expect((await get(daemon, '/ws?token=wrong', upgrade)).status).toBe(429)
})

test('guard 12: 10,000 guesses get nowhere, and never lock out the owner or who has the token', async () => {
  const guess = async (n: number) => {
    const answer = await fetch(`${daemon.url}/events`, { headers: { authorization: `Bearer guess-${n}` } })
    await answer.arrayBuffer()
    return answer.status
  }
  const seen = new Map<number, number>()
  for (let n = 0; n < 10_000; n += 50) {
    const statuses = await Promise.all(Array.from({ length: 50 }, (_, i) => guess(n + i)))
    for (const status of statuses) seen.set(status, (seen.get(status) ?? 0) + 1)
  }
  expect([...seen.keys()].every((status) => status === 401 || status === 429)).toBe(true)
  expect(seen.get(401) ?? 0).toBeLessThanOrEqual(limits.authFailures)

  const { token } = daemon
  expect((await get(daemon, '/events', [`Authorization: Bearer ${token}`])).status).toBe(200)
  expect((await get(daemon, '/events', [`authorization: bearer ${token}`])).status).toBe(200)
  expect((await get(daemon, '/events', [`X-Api-Key: ${token}`])).status).toBe(200)
  for (const name of ['token', 'apiKey'])
    expect((await get(daemon, `/ws?${name}=${token}`, upgrade)).status).toBe(101)
  for (const path of ['/health', '/ready', '/version']) expect((await get(daemon, path)).status).toBe(200)
  expect((await sendRaw(daemon.httpSocket, ['GET /events HTTP/1.1', 'Host: paid'])).status).toBe(200)
  const { code, stdout } = await daemon.run(['status', '--json'])
  expect(code).toBe(0)
  const { refused } = JSON.parse(stdout)
  expect(refused.token).toBeLessThanOrEqual(limits.authFailures)
  expect(refused.rate).toBeGreaterThanOrEqual(10_000 - limits.authFailures)
}, 60_000)

test('guard 12: failures are counted for one machine, however its address is written', () => {
  expect(clientAddress('127.0.0.1')).toBe('127.0.0.1')
  expect(clientAddress('::ffff:127.0.0.1')).toBe('127.0.0.1')
  expect(clientAddress('::FFFF:192.0.2.7')).toBe('192.0.2.7')
  const network = clientAddress('2001:db8:1:2:3:4:5:6')
  expect(clientAddress('2001:db8:1:2::9')).toBe(network)
  expect(clientAddress('2001:db8:1:2:ffff::')).toBe(network)
  expect(clientAddress('2001:db8:1:3::9')).not.toBe(network)
  expect(clientAddress('2001:db8::9')).toBe('2001:db8:0:0')
  expect(clientAddress('::1')).toBe(clientAddress('::2'))
  expect(clientAddress('')).toBe('')
})

/** Every byte below a folder, by path. */
const contents = (folder: string): [string, string][] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    const found = statSync(path, { throwIfNoEntry: false })
    if (found?.isDirectory()) return contents(path)
    return found?.isFile() ? [[path, readFileSync(path, 'latin1')] satisfies [string, string]] : []
  })

test('guard 13: the token is in its file and nowhere else', async () => {
  await using home = await startDaemon({
    args: ['--listen', '127.0.0.1:0', '--listen', '127.0.0.1:0,auth=none'],
  })
  const { token } = home
  const said: [string, string][] = []
  const say = async (name: string, answer: Promise<{ whole: string } | { stdout: string; stderr: string }>) =>
    said.push([name, JSON.stringify(await answer)])

  const tokenHeader = [`Authorization: Bearer ${token}`]
  const attempts: [string, string[]][] = [
    [`/ws?token=${token}&since=nonsense`, upgrade],
    [`/ws?token=${token}&type=${'x'.repeat(300)}`, upgrade],
    [`/ws?apiKey=${token}`, [...upgrade, 'Origin: https://evil.test']],
    [`/ws?token=${token}`, []],
    [`/events?token=${token}`, []],
    [`/events?since=${token}`, tokenHeader],
    [`/events?limit=1&limit=x`, [`X-Api-Key: ${token}`]],
    [`/nothing?token=${token}`, tokenHeader],
    [`/call/system.status`, tokenHeader],
    ['/methods', tokenHeader],
    ['/openapi.json', tokenHeader],
    ['/stats', tokenHeader],
    ['/version', tokenHeader],
  ]
  // what names the token itself in a filter is told so: that one answer goes to who sent it
  for (const [path, headers] of attempts)
    if (path.includes('since=')) await get(home, path, headers)
    else await say(path, get(home, path, headers))
  for (const body of ['{"type":"a"}', '{', '[1]', '{"type":""}'])
    await say(
      `POST ${body}`,
      sendRaw(
        home.url,
        [
          'POST /events HTTP/1.1',
          `Host: ${hostOf(home.url)}`,
          'Content-Type: application/json',
          ...tokenHeader,
        ],
        body,
      ),
    )
  for (const words of [
    ['status'],
    ['status', '--json'],
    ['paths', '--json'],
    ['logs', '-n', '1000'],
    ['start'],
  ])
    await say(words.join(' '), home.run(words))
  for (const words of [
    ['events', '--all', '--json'],
    ['call', 'system.methods'],
    ['hooks', 'install', '--print'],
  ])
    await say(words.join(' '), home.run(words))
  const listed = Bun.spawnSync(['ps', '-axww', '-o', 'pid=,args=']).stdout.toString()
  expect(listed).toContain(String(home.pid))
  said.push(['ps', listed])

  await home.kill('SIGKILL')
  said.push(['output', home.output()], ...contents(home.home).filter(([path]) => path !== home.paths.token))
  expect(said.map(([name]) => name)).toContain(home.paths.daemon)
  expect(said.map(([name]) => name)).toContain(home.paths.log)
  expect(said.filter(([, text]) => text.includes(token)).map(([name]) => name)).toEqual([])
}, 30_000)

test('guard 13: a token from the environment is not shown either, least of all one that is refused', async () => {
  const secret = 'a-token-of-the-environment-0123456789'
  await using home = await startDaemon({ env: { PAID_TOKEN: secret } })
  expect((await get(home, '/events', [`Authorization: Bearer ${secret}`])).status).toBe(200)
  const status = await home.run(['status', '--json'])
  const again = await home.run(['start'])
  const listed = Bun.spawnSync(['ps', '-axww', '-o', 'args=']).stdout.toString()
  await home.kill('SIGKILL')
  const files = contents(home.home).map(([, text]) => text)
  for (const text of [...files, home.output(), status.stdout, again.stdout, again.stderr, listed])
    expect(text.includes(secret)).toBe(false)

  for (const weak of ['hunter2', 'spaces in a token that is long enough']) {
    const env = { ...home.env, PAID_TOKEN: weak }
    for (const words of [['start'], ['start', '--foreground', '--listen', '127.0.0.1:0']]) {
      const { code, stdout, stderr } = await runPaid(words, { env, cwd: home.home })
      expect(code).not.toBe(0)
      expect(stderr).toContain('PAID_TOKEN')
      expect(stdout + stderr).not.toContain(weak)
    }
  }
}, 30_000)
