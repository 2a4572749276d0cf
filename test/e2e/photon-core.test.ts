// The published client of the channel brokers, unchanged, through the socket where it looks for its daemon. It is
// installed from the registry for the time of the test; where there is none to reach, the test is skipped and says so.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'

const client = '@portel/photon-core@2.17.6'
const installWithinMs = 25_000

/** The folder it was installed into; undefined when that was not possible. */
const install = (): string | undefined => {
  const folder = mkdtempSync(join(tmpdir(), 'photon-core-'))
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  try {
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--fetch-retries=0']
    const { exitCode } = Bun.spawnSync(['npm', 'install', ...flags, client], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'ignore'],
      timeout: installWithinMs,
    })
    if (exitCode === 0) return folder
  } catch {
    // no npm on this machine
  }
  rmSync(folder, { recursive: true, force: true })
  return undefined
}

const folder = install()
if (folder === undefined) console.error(`skipped: ${client} could not be installed (offline?)`)

let daemon: TestDaemon
let userHome: string

beforeAll(async () => {
  userHome = mkdtempSync(join(tmpdir(), 'ph-'))
  daemon = await startDaemon({ args: ['--photon', 'kanban'], env: { HOME: userHome } })
})
afterAll(async () => {
  await daemon.stop()
  rmSync(userHome, { recursive: true, force: true })
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

const program = `
  import { DaemonBroker } from '@portel/photon-core'
  const listening = new DaemonBroker({ photonName: 'kanban' })
  const heard = []
  const three = Promise.withResolvers()
  const subscription = await listening.subscribe('board:main', (message) => {
    if (heard.push(message) === 3) three.resolve()
  })
  const connected = listening.isConnected()
  const publishing = new DaemonBroker({ photonName: 'kanban' })
  for (const n of [1, 2, 3])
    await publishing.publish({ channel: 'board:main', event: 'task-moved', data: { taskId: n } })
  await publishing.publish({ channel: 'board:other', event: 'unheard', data: {} })
  await three.promise
  subscription.unsubscribe()
  await publishing.publish({ channel: 'board:main', event: 'unheard', data: {} })
  await listening.disconnect()
  console.log(JSON.stringify({ connected, heard }))
`

test.skipIf(folder === undefined)(
  'the DaemonBroker of photon-core 2.17.6 subscribes and publishes',
  async () => {
    const file = join(folder ?? '', 'talk.js')
    writeFileSync(file, program)
    const child = Bun.spawn([process.execPath, file], {
      cwd: folder ?? '',
      env: { HOME: userHome, PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 20_000,
    })
    const said = await child.stdout.text()
    expect(await child.exited).toBe(0)
    const { connected, heard } = z
      .object({
        connected: z.boolean(),
        heard: z.array(
          z.object({ channel: z.string(), event: z.string(), data: z.unknown(), source: z.string() }),
        ),
      })
      .parse(JSON.parse(said))
    expect(connected).toBe(true)
    expect(heard).toEqual(
      [1, 2, 3].map((taskId) => ({
        channel: 'board:main',
        event: 'task-moved',
        data: { taskId },
        source: 'kanban',
      })),
    )
  },
)
