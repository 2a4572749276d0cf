// What a listener's dialect settles: the answers of paths on which two old daemons differ.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { createHttp } from '../support/http.ts'

const dialects = ['pai', 'photon', 'orchestrator', 'happy'] as const

let daemon: TestDaemon
beforeAll(async () => {
  daemon = await startDaemon({
    args: dialects.flatMap((dialect) => ['--listen', `127.0.0.1:0,dialect=${dialect}`]),
  })
}, 30_000)
afterAll(() => daemon.stop())

const healthOf = async (dialect: (typeof dialects)[number]) => {
  const { status, json } = await createHttp(daemon.urls[dialects.indexOf(dialect)] ?? '').get('/health')
  expect(status).toBe(200)
  return json()
}

test.each(['pai', 'photon'] as const)('/health of %s is that of the event bus', async (dialect) => {
  const expected = { status: 'ok', version: expect.any(String), uptime: expect.any(Number) }
  expect(await healthOf(dialect)).toEqual(expected)
})

test("/health of orchestrator is the orchestrator's", async () => {
  const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  expect(await healthOf('orchestrator')).toEqual({ status: 'healthy', timestamp: iso })
})

test("/health of happy is Happy's, with the pid", async () => {
  const { pid } = daemon
  expect(await healthOf('happy')).toMatchObject({ status: 'ok', pid, uptime: expect.any(Number) })
})

test('they are named in daemon.json as --listen takes them', async () => {
  const { listen } = await Bun.file(daemon.paths.daemon).json()
  expect(listen).toEqual(
    dialects.map((dialect, n) => `${daemon.urls[n]?.replace('http://', '')},auth=token,dialect=${dialect}`),
  )
})
