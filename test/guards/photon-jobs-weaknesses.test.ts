// What the daemon that photon's clients had before did wrong with jobs, by the rows of its list: ours does not.

import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { openConversation, type Conversation } from '../support/conversation.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'

let daemon: TestDaemon
let talk: Conversation
let unused = 0
let photonName: string

beforeAll(async () => {
  daemon = await startDaemon({ env: { TZ: 'UTC' } })
})
afterAll(() => daemon.stop())
beforeEach(() => {
  talk = openConversation(daemon.socket)
  photonName = `photon${++unused}`
})

const list = z.object({
  data: z.object({
    jobs: z.array(
      z.object({ id: z.string(), runCount: z.int(), nextRun: z.int(), lastRun: z.int().optional() }),
    ),
  }),
})
const jobsOf = async (name: string) =>
  list.parse(await talk.ask('a', { type: 'list_jobs', id: 'l', photonName: name })).data.jobs
const schedule = (name: string, jobId: string, cron: string) =>
  talk.ask('a', { type: 'schedule', id: 's', photonName: name, jobId, method: 'work', cron })

test('row 6: a job further ahead than a timer can hold does not run before its time', async () => {
  await using conversation = talk
  await conversation.play(`
    b > {"type":"subscribe","id":"s","channel":"jobs:${photonName}","photonName":"${photonName}"}
    b < {"type":"result","id":"s","success":true,"data":{"subscribed":true,"channel":"jobs:${photonName}"}}`)
  const now = new Date()
  await schedule(photonName, 'yearly', '0 0 1 1 *')
  await schedule(photonName, 'monthly', '0 0 1 * *')
  const [monthly, yearly] = await jobsOf(photonName)
  expect(yearly?.nextRun).toBe(Date.UTC(now.getUTCFullYear() + 1, 0, 1))
  expect(monthly?.nextRun).toBe(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1))
  await Bun.sleep(1500)
  await conversation.play('b .')
  expect((await jobsOf(photonName)).map(({ runCount, lastRun }) => [runCount, lastRun])).toEqual([
    [0, undefined],
    [0, undefined],
  ])
})

test('row 7: days, months and weekdays count, and no valid expression ends the daemon', async () => {
  await using conversation = talk
  const valid: [cron: string, is: (next: Date) => boolean][] = [
    ['* 5 * * *', (next) => next.getUTCHours() === 5],
    ['0 9 * * 1-5', (next) => next.getUTCDay() >= 1 && next.getUTCDay() <= 5],
    ['0 0 1 * *', (next) => next.getUTCDate() === 1],
    ['0 0 1 7 *', (next) => next.getUTCMonth() === 6],
    ['5,10 0-3/2 */2 * 0', (next) => [5, 10].includes(next.getUTCMinutes())],
    ['0 0 29 2 *', (next) => next.getUTCFullYear() % 4 === 0],
  ]
  for (const [cron, is] of valid) {
    await schedule(photonName, 'job', cron)
    const [job] = await jobsOf(photonName)
    expect(is(new Date(job?.nextRun ?? 0)), cron).toBe(true)
    expect(job?.runCount).toBe(0)
    await conversation.play('a .')
  }
})

test('row 8: jobs are there after a crash, and a daemon that has any does not leave', async () => {
  const home = temporaryHome()
  try {
    const first = await startDaemon({ home })
    await using before = openConversation(first.socket)
    const frame = { type: 'schedule', id: 's', photonName: 'kanban', method: 'work', cron: '0 3 * * *' }
    for (const jobId of ['a', 'b']) await before.ask('a', { ...frame, jobId })
    await first.kill('SIGKILL')
    await using again = await startDaemon({ home })
    await using after = openConversation(again.socket)
    const { data } = list.parse(await after.ask('a', { type: 'list_jobs', id: 'l', photonName: 'kanban' }))
    expect(data.jobs.map(({ id }) => id)).toEqual(['a', 'b'])
    // one that nobody speaks to sets no timer that would end it
    expect((await again.run(['jobs', 'list'])).code).toBe(0)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})

test('row 11: an id is never a path', async () => {
  await using _ = talk
  const seen = (folder: string) => readdirSync(folder, { recursive: true }).map(String).toSorted()
  const files = seen(daemon.home)
  const beside = readdirSync(dirname(daemon.home)).filter((name) => name.includes('evil'))
  const ids = ['../../../evil', '/tmp/evil', '..', './evil.json', 'evil', '%2e%2e/evil']
  for (const jobId of ids)
    expect(await schedule(photonName, jobId, '0 3 * * *')).toMatchObject({ success: true })
  expect((await jobsOf(photonName)).map(({ id }) => id)).toEqual(ids.toSorted())
  expect(seen(daemon.home)).toEqual(files)
  expect(readdirSync(dirname(daemon.home)).filter((name) => name.includes('evil'))).toEqual(beside)
  expect(readdirSync(join(daemon.home, '..')).includes('evil.json')).toBe(false)
})

test("row 12: no photon ends another's job, whatever the ids end in", async () => {
  await using conversation = talk
  const [aaa, bbb] = [`${photonName}aaa`, `${photonName}bbb`]
  await schedule(aaa, 'cleanup', '0 3 * * *')
  await schedule(aaa, 'x:ipc:cleanup', '0 3 * * *')
  for (const jobId of ['cleanup', ':ipc:cleanup', 'ipc:cleanup', `${aaa}:ipc:cleanup`, '*'])
    await conversation.play(`
      a > {"type":"unschedule","id":"u","photonName":"${bbb}","jobId":"${jobId}"}
      a < {"type":"result","id":"u","success":true,"data":{"unscheduled":false,"jobId":"${jobId}"}}`)
  expect((await jobsOf(aaa)).map(({ id }) => id)).toEqual(['cleanup', 'x:ipc:cleanup'])
  expect(await jobsOf(bbb)).toEqual([])
})
