// Programs that were written for the orchestrator daemon, against the compiled binary. The numbers are those of the
// contract.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import type { TestDaemon } from '../support/daemon.ts'
import { openOldClient } from '../support/orchestrator.ts'
import { startWithClaude } from '../support/sessions.ts'

const node = Bun.which('node')
if (node === null) console.error('skipped: there is no node here')
const withNode = test.skipIf(node === null)
const inBrowser = test.skipIf(!hasBrowser)

const fixtures = join(import.meta.dir, '../fixtures')
const html = '<!doctype html><title>page</title><script type="module" src="/page.mjs"></script>'

/** Shows the page, and knows nothing of the daemon. */
let site: Bun.Server<undefined>
let daemon: TestDaemon
beforeAll(async () => {
  site = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) =>
      new URL(request.url).pathname === '/page.mjs'
        ? new Response(Bun.file(join(fixtures, 'orchestrator-page.mjs')))
        : new Response(html, { headers: { 'content-type': 'text/html' } }),
  })
  daemon = await startWithClaude({
    args: ['--listen', '127.0.0.1:0,auth=none,dialect=orchestrator'],
    config: { hosts: [`127.0.0.1:${site.port}`] },
  })
}, 30_000)
afterAll(async () => {
  await daemon.stop()
  await site.stop(true)
})

const run = async (runtime: string, program: string, ...args: string[]): Promise<unknown> => {
  const child = Bun.spawn([runtime, join(fixtures, program), ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: daemon.home },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()])
  if (out === '') throw new Error(err)
  return JSON.parse(out)
}

test('51: a client that waits for each kind of frame finds it', async () => {
  await using client = await openOldClient(daemon.url)
  client.send({ type: 'ping' })
  await client.next('pong')
  client.send({ type: 'daemon_status' })
  expect((await client.next('daemon_status_update')).status.status).toBe('running')
  client.send({ type: 'list_sessions' })
  const { sessions } = await client.next('sessions_list')
  const { id } = await client.spawn('say hello')
  expect((await client.next('stream_chunk')).data).toMatchObject({ sessionId: id, chunk: 'hello' })
  expect((await client.next('stream_end')).sessionId).toBe(id)
  client.send({ type: 'nothing' })
  expect((await client.next('error')).error).toBe('Unknown message type')
  client.send({ type: 'list_sessions' })
  expect((await client.next('sessions_list')).sessions).toHaveLength(sessions.length + 1)
})

withNode(
  '52: a script for which the next frame is the answer passes all its steps, each time',
  async () => {
    for (let time = 1; time <= 4; time++)
      expect(await run(node ?? '', 'orchestrator-script.mjs', daemon.url.replace('http', 'ws'))).toEqual({
        connection: 'open',
        health: ['health_check_response', true],
        status: ['daemon_status_update', 'running', 'number', 'number'],
        spawn: ['session_spawned', 'initializing'],
        execute: true,
        stop: ['session_status_update', true, 'terminated'],
      })
  },
  60_000,
)

/** The addresses that the later web client is given. */
const addresses = (): [string, string] => [`${daemon.url.replace('http', 'ws')}/?compat=web`, daemon.url]

const foundByPage = {
  health: expect.arrayContaining(['totalSessionsSpawned', 'totalTokensUsed', 'successRate']),
  subsystems: expect.objectContaining({ sessionManager: expect.objectContaining({ status: 'running' }) }),
  spawned: [true, 'claude-code', 'string', { from: 'a page' }],
  first: ['first words', 'first words'],
  tools: [
    ['Read', 'started', { a: 1 }],
    ['Read', 'completed', 'did {"a":1} once'],
  ],
  more: ['more words', 'more words'],
  tasks: [
    ['executing', true, 'string'],
    ['completed', true, 'say more words'],
  ],
  end: ['sessionId', 'metadata'],
  status: ['completed', 2, 'completed'],
  daemon: ['running', true],
  refused: 'Failed to get session status (404)',
  listed: { id: true, status: 'completed', sessionType: 'claude-code' },
}

test('53: the later web client and its hooks hear of what they order over HTTP', async () => {
  expect(await run(process.execPath, 'orchestrator-page.mjs', ...addresses())).toEqual(foundByPage)
}, 60_000)

inBrowser(
  '53: and in a browser, for a page whose origin was let in',
  async () => {
    await using browser = await openBrowser()
    using page = await browser.open(`http://127.0.0.1:${site.port}/`)
    const given = addresses().map((address) => JSON.stringify(address))
    expect(await page.evaluate(`page.run(${given.join(', ')})`)).toEqual(foundByPage)
    using stranger = await browser.open(`http://localhost:${site.port}/`)
    const refused = await stranger.evaluate(`fetch('${daemon.url}/status').catch(({ message }) => message)`)
    expect(refused).toBe('Failed to fetch')
  },
  60_000,
)
