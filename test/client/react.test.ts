// The hooks as a page has them: built, in strict mode, with each React that they are for. The numbers are those of the
// contract.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { buildClient } from '../../scripts/client.ts'
import type { TestDaemon } from '../support/daemon.ts'
import { startWithClaude } from '../support/sessions.ts'

const root = resolve(import.meta.dir, '../..')

let daemon: TestDaemon
let folder: string
beforeAll(async () => {
  daemon = await startWithClaude({ args: ['--listen', '127.0.0.1:0,auth=none'] })
  folder = mkdtempSync(join(tmpdir(), 'paid-'))
  await buildClient(join(folder, 'client'))
}, 60_000)
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await daemon.stop()
})

/** A program's folder with one React in it. */
const projectWith = (version: '18' | '19'): string => {
  const project = join(folder, version)
  const put = (name: string, as = name) =>
    cpSync(join(root, 'node_modules', name), join(project, 'node_modules', as), { recursive: true })
  const suffix = version === '18' ? version : ''
  for (const name of ['react-is', 'react-shallow-renderer', 'object-assign', 'scheduler']) put(name)
  for (const name of ['react', 'react-dom', 'react-test-renderer']) put(`${name}${suffix}`, name)
  const paid = join(project, 'node_modules/paid')
  mkdirSync(join(paid, 'dist'), { recursive: true })
  cpSync(join(root, 'package.json'), join(paid, 'package.json'))
  cpSync(join(folder, 'client'), join(paid, 'dist/client'), { recursive: true })
  cpSync(join(root, 'test/fixtures/react-program.mjs'), join(project, 'program.mjs'))
  return project
}

test.each(['18', '19'] as const)(
  '56: with React %s all hooks share one socket, and a monitor has the output besides its own handler',
  async (version) => {
    const child = Bun.spawn([process.execPath, 'program.mjs', daemon.url.replace('http', 'ws')], {
      cwd: projectWith(version),
      env: { PATH: process.env['PATH'] ?? '', HOME: folder },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()])
    if (out === '') throw new Error(err)
    expect(JSON.parse(out)).toEqual({
      version,
      served: '<p>false</p>',
      socketsOfServer: 0,
      fields: [
        'connect',
        'connected',
        'connecting',
        'daemonStatus',
        'disconnect',
        'error',
        'executeTask',
        'getDaemonStatus',
        'getSession',
        'getSessionStatus',
        'reconnectAttempts',
        'sessions',
        'spawnSession',
        'stopSession',
      ],
      streamOutput: 'heard: some words to hear',
      connected: true,
      heard: 'heard: some words to hear',
      known: true,
      socketsOfPage: 1,
      socketsAfterDisconnect: 0,
      refusal: 'Not connected to daemon',
      socketsToNobody: 1,
      connecting: false,
      rejections: [],
    })
  },
  60_000,
)
