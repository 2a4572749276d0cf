// Programs that were written for the orchestrator daemon, against the compiled binary. The numbers are those of the
// contract.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { TestDaemon } from '../support/daemon.ts'
import { startWithClaude } from '../support/sessions.ts'

const node = Bun.which('node')
if (node === null) console.error('skipped: there is no node here')
const withNode = test.skipIf(node === null)

let daemon: TestDaemon
beforeAll(async () => {
  daemon = await startWithClaude({ args: ['--listen', '127.0.0.1:0,auth=none'] })
}, 30_000)
afterAll(() => daemon.stop())

const run = async (program: string, ...args: string[]): Promise<unknown> => {
  const child = Bun.spawn([node ?? '', join(import.meta.dir, '../fixtures', program), ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: daemon.home },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()])
  if (out === '') throw new Error(err)
  return JSON.parse(out)
}

withNode(
  '52: a script for which the next frame is the answer passes all its steps, each time',
  async () => {
    for (let time = 1; time <= 4; time++)
      expect(await run('orchestrator-script.mjs', daemon.url.replace('http', 'ws'))).toEqual({
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
