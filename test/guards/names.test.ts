// Guard 21: a name is a name. Whatever stands in a type, a channel, a session or a key, it is stored and given back as
// text or refused, and never becomes a path, a pattern, SQL, a line of the log or a command to a terminal.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openConnection, type Connection } from '../../src/client/connection.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { ask } from '../support/http-text.ts'
import { openTail } from '../support/tail.ts'

const esc = '\u001b'
const rightToLeft = '\u202e'

/** names that mean something to somebody, but not to us */
const taken = [
  '/etc/passwd',
  '../../../token',
  '..',
  'a%b_c',
  "x' OR '1'='1",
  'x"; DROP TABLE events; --',
  '?1',
  'evt_1',
  '__proto__',
  'constructor',
  '${HOME}`id`$(id)',
  '<img src=x onerror=alert(1)>',
  'null',
  `${rightToLeft}gpj.exe`,
  '\u200bzero\ufeff',
  'été 🚀 ünï',
  ' leading and trailing ',
]
/** characters that could steer a terminal or begin a line: no name has them */
const refused = [
  'a\0b',
  'a\nb',
  'a\r\nb',
  `${esc}[2J${esc}]0;owned\u0007`,
  '\u007f',
  '\ud800',
  '',
  'x'.repeat(1024 * 1024),
]

let daemon: TestDaemon
let connection: Connection
beforeAll(async () => {
  daemon = await startDaemon()
  connection = await openConnection(daemon.socket)
})
afterAll(async () => {
  connection.close()
  await daemon.stop()
})

/** all but the log, which is written by and by */
const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name !== 'paid.log')
    .sort()

const refusal = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'taken',
    (error: unknown) => error,
  )

test.each(taken)(
  'guard 21: %j names a type, a channel, a session and a key, and finds only itself',
  async (name) => {
    const before = filesOf(daemon.home)
    const own = `mine-${taken.indexOf(name)}`
    const posted = await connection.call('event.publish', {
      type: name,
      channel: `c:${own}`,
      data: {},
      key: name,
    })
    const again = await connection.call('event.publish', {
      type: name,
      channel: `c:${own}`,
      data: {},
      key: name,
    })
    expect(again).toEqual({ ...posted, duplicate: true })
    await connection.call('event.publish', { type: own, channel: name, data: {} })
    await connection.call('event.publish', { type: own, channel: `session:${name}`, data: {} })

    const typed = await connection.call('event.list', { type: name, channel: `c:${own}` })
    expect(typed.events.map(({ type, id }) => ({ type, id }))).toEqual([{ type: name, id: posted.ids[0] }])
    const placed = await connection.call('event.list', { channel: name, type: own })
    expect(placed.events.map(({ channel }) => channel)).toEqual([name])
    const said = await connection.call('event.list', { session: name })
    expect(said.events.map(({ channel }) => channel)).toEqual([`session:${name}`])
    const { sessions } = await connection.call('session.list', {})
    expect(sessions.map(({ id }) => id)).toContain(name)

    const overHttp = await ask(
      daemon,
      `/events?type=${encodeURIComponent(name)}&channel=${encodeURIComponent(`c:${own}`)}`,
    )
    expect(await overHttp.json()).toMatchObject({ total: 1, events: [{ id: posted.ids[0], type: name }] })
    expect(filesOf(daemon.home)).toEqual(before)
  },
)

test.each(refused)('guard 21: %j is no name', async (name) => {
  const head = (await connection.call('system.status', {})).log.head
  const wrong = expect.objectContaining({ code: 'bad_request' })
  const data = {}
  for (const params of [
    { type: name, data },
    { type: 'x', channel: name, data },
    { type: 'x', data, key: name },
  ])
    expect(await refusal(connection.call('event.publish', params))).toEqual(wrong)
  for (const params of [{ type: name }, { channel: name }, { session: name }])
    expect(await refusal(connection.call('event.list', params))).toEqual(wrong)
  expect((await connection.call('system.status', {})).log.head).toBe(head)
})

test('guard 21: a pattern is a prefix and nothing else', async () => {
  for (const channel of ['p%q', 'pxq', 'p_q', 'p*q', 'p[a-z]q'])
    await connection.call('event.publish', { type: 'pattern', channel, data: {} })
  const channelsOf = async (channel: string) =>
    (await connection.call('event.list', { channel, type: 'pattern' })).events.map((event) => event.channel)
  expect(await channelsOf('p%q')).toEqual(['p%q'])
  expect(await channelsOf('p_q')).toEqual(['p_q'])
  expect(await channelsOf('p%*')).toEqual(['p%q'])
  expect(await channelsOf('p[a-z]q')).toEqual(['p[a-z]q'])
  expect(await channelsOf('p*')).toHaveLength(5)
  expect(await refusal(channelsOf('p*q'))).toMatchObject({ code: 'bad_request' })
})

describe('guard 21: what reaches a terminal or the log is shown, not obeyed', () => {
  const evil = `${esc}[31m${esc}]0;owned\u0007\r\n\u009b2J${rightToLeft}\0`
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what must not come through
  const steering = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

  const post = () =>
    ask(daemon, '/hooks/claude', {
      method: 'POST',
      body: JSON.stringify({
        hook_event_name: 'UserPromptSubmit',
        session_id: `evil${rightToLeft}session`,
        session_title: `title ${evil}`,
        cwd: `/tmp/${evil}`,
        prompt: `prompt ${evil}`,
      }),
    })

  test('by tail, events and status', async () => {
    await using tail = openTail(daemon.env)
    const running = tail.until((lines) => lines.some((line) => line.includes('prompt')))
    // a tail says nothing when it begins to follow: post until the first line is there
    const posting = setInterval(() => void post(), 200)
    await running
    clearInterval(posting)
    expect(tail.lines.join('\n')).not.toMatch(steering)
    expect(tail.lines.find((line) => line.includes('prompt'))).toContain('\\e[31m')
    for (const words of [['events'], ['events', '--json'], ['status'], ['status', '--json']]) {
      const { code, stdout } = await daemon.run(words)
      expect({ words, code, steers: steering.test(words.includes('--json') ? '' : stdout) }).toEqual({
        words,
        code: 0,
        steers: false,
      })
      expect(stdout).not.toContain(esc)
    }
  })

  test('by the log and by errors: nothing of a caller begins a line of its own', async () => {
    const method = `${esc}[2J\nforged line ${rightToLeft}`
    const answer = await ask(daemon, `/call/${encodeURIComponent(method)}`, { method: 'POST', body: '{}' })
    expect(answer.status).toBe(404)
    await ask(daemon, '/call/system.stop', { method: 'POST', body: `{"reason":${JSON.stringify(7)}}` })
    await ask(daemon, '/events', { headers: { 'x-paid-name': 'nobody', 'content-encoding': 'x' } })
    const { code, stderr } = await daemon.run(['call', method])
    expect(code).toBe(2)
    expect(stderr).not.toMatch(steering)
    const log = readFileSync(join(daemon.home, 'paid.log'), 'utf8')
    expect(log).not.toMatch(steering)
    expect(
      log
        .split('\n')
        .every((line) => line === '' || /^\d{4}-\d{2}-\d{2}T\S+ (debug|info|warn|error)/.test(line)),
    ).toBe(true)
  })
})
