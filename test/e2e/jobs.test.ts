// Jobs as people use them: `paid jobs`, and what is left of a job when the daemon is killed in the middle of a run.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openConnection } from '../../src/client/connection.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'

let daemon: TestDaemon
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'paid-jobs-'))
  daemon = await startDaemon({ env: { TZ: 'UTC' } })
})
afterAll(async () => {
  await daemon.stop()
  rmSync(folder, { recursive: true, force: true })
})

const paid = async (...args: string[]) => {
  const { code, stdout, stderr } = await daemon.run(args)
  return { code, said: stdout.trim(), told: stderr.trim() }
}

/** Resolves with the next event of a job of this type. */
const nextEvent = async (of: TestDaemon, id: string, type: string) => {
  const connection = await openConnection(of.socket)
  const { subscription } = await connection.call('event.subscribe', {
    channel: `job:${id}`,
    type: `job.${type}`,
  })
  return {
    heard: async () => {
      const delivery = await connection.next(subscription)
      connection.close()
      if (!('event' in delivery)) throw new Error('it fell behind')
      return delivery.event
    },
  }
}

test('a job is added, listed, shown, run, paused, resumed and removed', async () => {
  const out = join(folder, 'out')
  await paid('actions', 'add', 'note', '--', '/bin/sh', '-c', `cat >> '${out}'; echo noted`)
  const job = [
    '--cron',
    '30 2 * * *',
    '--do',
    'note',
    '--args',
    '{"keep":7}',
    '--missed',
    'run-once',
    '--retry',
    '2',
  ]
  const added = await paid('jobs', 'add', 'nightly', ...job)
  expect(added).toMatchObject({
    code: 0,
    said: '',
    told: expect.stringMatching(/^nightly: added, next \S+ 02:30:00$/),
  })
  expect((await paid('jobs', 'add', 'nightly', ...job)).told).toContain('nightly: replaced')
  expect((await paid('jobs', 'list')).said).toMatch(
    /^nightly +30 2 \* \* \* +note {2}next \S+ 02:30:00, in .*; finished 0 times$/,
  )

  const finished = await nextEvent(daemon, 'nightly', 'finished')
  expect(await paid('jobs', 'run', 'nightly')).toMatchObject({
    code: 0,
    told: expect.stringContaining('it runs'),
  })
  expect((await finished.heard()).data).toMatchObject({ attempt: 1, run: expect.any(String) })
  expect(readFileSync(out, 'utf8').trim()).toBe('{"keep":7}')

  const shown = (await paid('jobs', 'show', 'nightly')).said.split('\n')
  expect(shown.filter((line) => line.startsWith('next'))).toHaveLength(5)
  expect(shown.at(-1)).toMatch(/^result {3}\S+ \S+ {2}finished after \d+ms, asked for: noted$/)
  expect(JSON.parse((await paid('jobs', 'show', 'nightly', '--json')).said)).toMatchObject({
    id: 'nightly',
    do: 'note',
    runs: 1,
    missed: 'run-once',
    retry: 2,
    results: [{ what: 'finished' }],
  })
  expect(JSON.parse((await paid('jobs', 'history', 'nightly', '--json')).said)).toMatchObject([
    { what: 'finished', result: 'noted' },
  ])

  expect((await paid('jobs', 'pause', 'nightly')).told).toBe('nightly: paused')
  expect((await paid('jobs', 'list')).said).toContain('paused; finished once')
  expect((await paid('jobs', 'resume', 'nightly')).told).toMatch(/^nightly: next /)
  expect((await paid('jobs', 'remove', 'nightly')).told).toBe('nightly: removed')
  expect(await paid('jobs', 'remove', 'nightly')).toMatchObject({
    code: 1,
    told: expect.stringContaining('no job'),
  })
  expect(await paid('jobs', 'list')).toMatchObject({ code: 0, said: '', told: 'There are no jobs.' })
  expect((await paid('jobs', 'list', '--json')).said).toBe('[]')
}, 30_000)

test('what cannot be is refused with what to type instead', async () => {
  const refused = async (...args: string[]) => {
    const { code, told } = await paid('jobs', 'add', 'x', ...args)
    return `${code} ${told}`
  }
  expect(await refused('--do', 'a')).toMatch(/^2 .*\n.*--cron/)
  expect(await refused('--every', '1m')).toMatch(/^2 .*--do/)
  expect(await refused('--every', '1m', '--at', '2030-01-01', '--do', 'a')).toMatch(/^2 /)
  expect(await refused('--every', '1', '--do', 'a')).toMatch(/^2 .*--every must be a span/)
  expect(await refused('--every', '10ms', '--do', 'a')).toMatch(/^2 .*1s/)
  expect(await refused('--cron', '61 * * * *', '--do', 'a')).toMatch(/^2 .*61/)
  expect(await refused('--cron', '0 0 30 2 *', '--do', 'a')).toMatch(/^2 .*never/)
  expect(await refused('--cron', '@hourly', '--tz', 'Europe/Berln', '--do', 'a')).toMatch(
    /^2 .*Europe\/Berln.*\n.*Europe\/Berlin/,
  )
  expect(await refused('--at', 'tomorrow', '--do', 'a')).toMatch(/^2 .*--at/)
  expect(await refused('--at', '2020-01-01T00:00:00Z', '--do', 'a')).toMatch(/^2 .*over/)
  expect(await refused('--every', '1m', '--do', 'a', '--missed', 'never')).toMatch(/^2 .*run-once/)
  expect(await refused('--every', '1m', '--do', 'a', '--retry', 'x')).toMatch(/^2 .*--retry/)
  expect(await refused('--every', '1m', '--do', 'a', '--seconds')).toMatch(/^2 .*--cron/)
  expect(await paid('jobs', 'show', 'x')).toMatchObject({ code: 1, told: expect.stringContaining('no job') })
}, 30_000)

test('an action that is not there yet is said, and no error', async () => {
  const added = await paid('jobs', 'add', 'early', '--every', '1h', '--do', 'nosuch')
  expect(added).toMatchObject({ code: 0, told: expect.stringContaining('There is no action "nosuch" yet') })
  const failed = await nextEvent(daemon, 'early', 'failed')
  await paid('jobs', 'run', 'early')
  expect((await failed.heard()).data).toMatchObject({ code: 'unknown_action' })
  expect((await paid('jobs', 'history', 'early')).said).toContain('failed')
  expect(await paid('jobs', 'history', 'never')).toMatchObject({
    code: 1,
    told: expect.stringContaining('no job'),
  })
  await paid('jobs', 'remove', 'early')
})

test('a cron with seconds runs on the second', async () => {
  await paid('actions', 'add', 'tell', '--publish', 'told')
  const started = await nextEvent(daemon, 'tick', 'started')
  await paid('jobs', 'add', 'tick', '--cron', '* * * * * *', '--seconds', '--do', 'tell')
  const { at, data } = await started.heard()
  const { planned } = data as { planned: number }
  expect(planned % 1000).toBe(0)
  expect(at).toBeGreaterThanOrEqual(planned)
  await paid('jobs', 'remove', 'tick')
})

test('killed in the middle of a run, the daemon says that it was lost, and runs it again only with retry', async () => {
  await using first = await startDaemon({ env: { TZ: 'UTC' } })
  const begun = join(folder, 'begun')
  const run = (...args: string[]) => first.run(args)
  await run('actions', 'add', 'hangs', '--', '/bin/sh', '-c', `echo >> '${begun}'; exec sleep 600`)
  await run('actions', 'add', 'tell', '--publish', 'told')
  for (const [id, retry] of [
    ['once', '0'],
    ['again', '1'],
  ] as const)
    await run('jobs', 'add', id, '--every', '30d', '--do', 'hangs', '--retry', retry)
  await run('jobs', 'add', 'yearly', '--cron', '0 0 1 1 *', '--do', 'tell')
  const before = JSON.parse((await run('jobs', 'list', '--json')).stdout)
  for (const id of ['once', 'again']) await run('jobs', 'run', id)
  while (!existsSync(begun) || readFileSync(begun, 'utf8').length < 2) await Bun.sleep(5)
  await first.kill('SIGKILL')

  await using second = await startDaemon({ home: first.home, env: { TZ: 'UTC' } })
  const after = JSON.parse((await second.run(['jobs', 'list', '--json'])).stdout)
  const known = (jobs: object[]) => jobs.map((job) => ({ ...job, running: false }))
  expect(known(after)).toEqual(known(before))
  while (readFileSync(begun, 'utf8').length < 3) await Bun.sleep(5)
  const types = async (id: string) => {
    const { stdout } = await second.run(['events', '--channel', `job:${id}`, '--json'])
    return JSON.parse(stdout).map(({ type }: { type: string }) => type)
  }
  expect(await types('once')).toEqual(['job.added', 'job.started', 'job.lost'])
  expect(await types('again')).toEqual(['job.added', 'job.started', 'job.lost', 'job.started'])
  expect((await second.run(['jobs', 'history', 'once'])).stdout).toContain('the daemon ended while it ran')
}, 60_000)
