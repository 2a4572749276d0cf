// The numbered cases of the photon daemon's jobs, as conversations with the running binary.

import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { z } from 'zod'
import { openConversation, type Conversation } from '../support/conversation.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'

let daemon: TestDaemon
let talk: Conversation
let unused = 0
/** a photon that nobody used before, and with it a namespace */
let photonName: string

beforeAll(async () => {
  // a Saturday's cron must be read in a zone that is known
  daemon = await startDaemon({ env: { TZ: 'America/New_York' } })
})
afterAll(() => daemon.stop())
beforeEach(() => {
  talk = openConversation(daemon.socket)
  photonName = `photon${++unused}`
})

const scheduled = z.strictObject({
  type: z.literal('result'),
  id: z.string(),
  success: z.literal(true),
  data: z.strictObject({ scheduled: z.literal(true), nextRun: z.int(), jobId: z.string() }),
})
const listed = z.strictObject({
  id: z.string(),
  method: z.string(),
  args: z.unknown().optional(),
  cron: z.string(),
  runCount: z.int(),
  createdAt: z.int(),
  createdBy: z.string(),
  nextRun: z.int().optional(),
  lastRun: z.int().optional(),
})
const list = z.object({
  success: z.literal(true),
  data: z.strictObject({
    jobs: z.array(listed),
    more: z.literal(true).optional(),
    after: z.string().optional(),
  }),
})

const ask = (frame: object) =>
  talk.ask('a', { id: 'sched_123', sessionId: 'cli-1234-abc', photonName, ...frame })
const schedule = async (cron: string, more: object = {}) => {
  const asked = { type: 'schedule', jobId: 'job', method: 'cleanupOldTasks', cron, ...more }
  return scheduled.parse(await ask(asked)).data
}
const jobs = async () => list.parse(await ask({ type: 'list_jobs', id: 'list_789' })).data.jobs

/** What the wall of New York shows at an instant. */
const local = (instant: number) => {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: 'America/New_York',
    hourCycle: 'h23',
    weekday: 'short',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(instant)
  return Object.fromEntries(parts.map(({ type, value }) => [type, value]))
}

test('36: every hour: the next full hour', async () => {
  await using _ = talk
  const before = Date.now()
  const { nextRun, jobId } = await schedule('0 * * * *')
  expect(jobId).toBe('job')
  expect(nextRun % 3_600_000).toBe(0)
  expect(nextRun).toBeGreaterThan(before)
  expect(nextRun).toBeLessThanOrEqual(Date.now() + 3_600_000)
})

test('37: every five minutes: a multiple of five', async () => {
  await using _ = talk
  const { nextRun } = await schedule('*/5 * * * *')
  expect(nextRun % 300_000).toBe(0)
  expect(nextRun - Date.now()).toBeLessThanOrEqual(300_000)
})

test('38: a job of working days has its next run on a working day at nine', async () => {
  await using _ = talk
  const { nextRun } = await schedule('0 9 * * 1-5')
  const { weekday, hour, minute } = local(nextRun)
  expect(['Mon', 'Tue', 'Wed', 'Thu', 'Fri']).toContain(weekday ?? '')
  expect([hour, minute]).toEqual(['09', '00'])
  // from Saturday on it is Monday's; what a Saturday answers is in the tests of schedules
  expect(nextRun - Date.now()).toBeLessThanOrEqual(3 * 86_400_000 + 3_600_000)
})

test('39: a monthly job is the first of next month; a yearly one is next January, and does not run before', async () => {
  await using conversation = talk
  expect(local((await schedule('0 0 1 * *')).nextRun)).toMatchObject({ day: '1', hour: '00', minute: '00' })
  await conversation.play(`
    b > {"type":"subscribe","id":"s","channel":"jobs:${photonName}","photonName":"${photonName}"}
    b < {"type":"result","id":"s","success":true,"data":{"subscribed":true,"channel":"jobs:${photonName}"}}`)
  const { nextRun } = await schedule('0 0 1 1 *', { jobId: 'yearly' })
  expect(local(nextRun)).toMatchObject({ month: '1', day: '1', hour: '00', minute: '00' })
  await Bun.sleep(2000)
  await conversation.play('b .')
  expect((await jobs()).map(({ runCount }) => runCount)).toEqual([0, 0])
})

test('40: every minute of one hour: a minute of that hour, and the daemon lives', async () => {
  await using conversation = talk
  expect(local((await schedule('* 5 * * *')).nextRun)['hour']).toBe('05')
  await conversation.play('a .')
})

test('41: what is no cron is refused with a result, and not listed', async () => {
  await using conversation = talk
  for (const cron of [
    'not a cron',
    '0 * * *',
    '0 0 * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 8',
    '5-1 * * * *',
    '*/0 * * * *',
    '',
  ])
    await conversation.play(`
      a > {"type":"schedule","id":"s","photonName":"${photonName}","jobId":"bad","method":"m","cron":"${cron}"}
      a < {"type":"result","id":"s","success":false,"data":{"scheduled":false,"reason":"Invalid cron expression"}}`)
  expect(await jobs()).toEqual([])
})

test('42: seven is Sunday, lists and ranges are read, and a date that never comes is refused', async () => {
  await using conversation = talk
  expect(local((await schedule('0 0 * * 7')).nextRun)['weekday']).toBe('Sun')
  const { hour, minute } = local((await schedule('0,30 8-18 * * *')).nextRun)
  expect(['00', '30']).toContain(minute ?? '')
  expect(Number(hour)).toBeGreaterThanOrEqual(8)
  expect(Number(hour)).toBeLessThanOrEqual(18)
  await conversation.play(`
    a > {"type":"schedule","id":"s","jobId":"never","method":"m","cron":"0 0 30 2 *"}
    a < {"type":"result","id":"s","success":false,"data":{"scheduled":false,"reason":"Invalid cron expression"}}`)
})

test('43: without a job, a method or a cron it is an error', async () => {
  await using conversation = talk
  for (const rest of [
    '"method":"m","cron":"* * * * *"',
    '"jobId":"j","cron":"* * * * *"',
    '"jobId":"j","method":"m"',
    '"jobId":7,"method":"m","cron":"* * * * *"',
  ])
    await conversation.play(`
      a > {"type":"schedule","id":"s",${rest}}
      a < {"type":"error","id":"s","error":"Invalid request format"}`)
  await conversation.play(`
    a > {"type":"unschedule","id":"s"}
    a < {"type":"error","id":"s","error":"Invalid request format"}
    a > {"type":"schedule","id":"s","jobId":"","method":"m","cron":"* * * * *"}
    a < {"type":"error","id":"s","error":"id must not be empty","code":"bad_request","suggestion":"*"}`)
})

test('44: a job is listed as it was given, with its next run', async () => {
  await using _ = talk
  const before = Date.now()
  const jobId = 'kanban:ipc:cleanup old/tasks'
  const { nextRun } = await schedule('0 * * * *', { jobId, args: { maxAge: 86_400 } })
  const [job, ...others] = await jobs()
  expect(others).toEqual([])
  expect(job).toEqual({
    id: jobId,
    method: 'cleanupOldTasks',
    args: { maxAge: 86_400 },
    cron: '0 * * * *',
    runCount: 0,
    createdAt: expect.any(Number),
    createdBy: expect.any(String),
    nextRun,
  })
  expect(job?.createdAt).toBeGreaterThanOrEqual(before)
})

test('45: scheduled again, a job is one job, with the new cron', async () => {
  await using _ = talk
  await schedule('0 * * * *')
  const [before] = await jobs()
  const { nextRun } = await schedule('*/10 * * * *', { method: 'other', args: [1] })
  expect(await jobs()).toEqual([
    {
      id: 'job',
      method: 'other',
      args: [1],
      cron: '*/10 * * * *',
      runCount: 0,
      createdAt: before?.createdAt ?? 0,
      createdBy: before?.createdBy ?? '',
      nextRun,
    },
  ])
})

test('46: a job is unscheduled once', async () => {
  await using conversation = talk
  await schedule('0 * * * *')
  const unschedule = `a > {"type":"unschedule","id":"u","photonName":"${photonName}","jobId":"job"}`
  const answer = (was: boolean) =>
    `a < {"type":"result","id":"u","success":true,"data":{"unscheduled":${was},"jobId":"job"}}`
  await conversation.play([unschedule, answer(true), unschedule, answer(false)].join('\n'))
  expect(await jobs()).toEqual([])
})

test('47: a run is counted and told on the channel of the photon; one that fails is told with its error', async () => {
  await using conversation = talk
  const action = { kind: 'publish', channel: 'out', name: 'works' }
  const added = await conversation.ask('admin', { id: '1', method: 'action.add', params: action })
  expect(added).toMatchObject({ result: { added: true } })
  await conversation.play(`
    b > {"type":"subscribe","id":"s","channel":"jobs:"}
    b < {"type":"result","id":"s","success":true,"data":{"subscribed":true,"channel":"jobs:"}}`)
  photonName = ''
  await schedule('* * * * *', { jobId: 'good', method: 'works', args: { n: 1 } })
  await schedule('* * * * *', { jobId: 'bad', method: 'nosuch' })
  for (const id of ['good', 'bad'])
    expect(await conversation.ask('admin', { id, method: 'job.run', params: { id } })).toMatchObject({
      result: { started: true },
    })
  const listener = await conversation.speaker('b')
  const told = (await listener.lines.take(2)).map((line) => JSON.parse(line).message)
  expect(told.toSorted((a, b) => a.jobId.localeCompare(b.jobId))).toEqual([
    { event: 'job-failed', jobId: 'bad', method: 'nosuch', error: 'Tool not found: nosuch' },
    { event: 'job-completed', jobId: 'good', method: 'works', runCount: 1 },
  ])
  const [bad, good] = await jobs()
  expect(bad).toMatchObject({ runCount: 0 })
  expect(bad).not.toHaveProperty('lastRun')
  expect(good).toMatchObject({ runCount: 1, lastRun: expect.any(Number) })
})

test('47: the instant itself makes it run', async () => {
  await using conversation = talk
  await conversation.play(`
    b > {"type":"subscribe","id":"s","channel":"told"}
    b < {"type":"result","id":"s","success":true,"data":{"subscribed":true,"channel":"told"}}`)
  const params = { id: 'often', every: 1000, do: 'nosuch', announce: 'told' }
  const added = await conversation.ask('admin', { id: '1', method: 'job.add', params })
  const { nextAt } = z.object({ result: z.object({ nextAt: z.int() }) }).parse(added).result
  const listener = await conversation.speaker('b')
  expect(JSON.parse(await listener.lines.next()).message).toMatchObject({ event: 'job-failed' })
  expect(Date.now()).toBeGreaterThanOrEqual(nextAt)
  await conversation.ask('admin', { id: '2', method: 'job.remove', params: { id: 'often' } })
})

test('52: jobs are there after kill -9, with what was counted', async () => {
  await using _ = talk
  const home = temporaryHome()
  try {
    const first = await startDaemon({ home })
    await using before = openConversation(first.socket)
    const frame = { id: 's', photonName: 'kanban' }
    const job = { jobId: 'nightly', method: 'm', cron: '0 3 * * *', args: { keep: 7 } }
    scheduled.parse(await before.ask('a', { ...frame, type: 'schedule', ...job }))
    const known = await before.ask('a', { ...frame, type: 'list_jobs' })
    await first.kill('SIGKILL')
    await using again = await startDaemon({ home })
    await using after = openConversation(again.socket)
    expect(await after.ask('a', { ...frame, type: 'list_jobs' })).toEqual(known)
    expect(await after.ask('a', { ...frame, photonName: 'notes', type: 'list_jobs' })).toMatchObject({
      data: { jobs: [] },
    })
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})

test('a list of jobs that is too long for one answer is read page by page', async () => {
  await using conversation = talk
  const ids = Array.from({ length: 60 }, (_, n) => `job ${String(n).padStart(2, '0')}`)
  for (const jobId of ids) await schedule('0 * * * *', { jobId, args: { text: 'x'.repeat(4000) } })
  const found: string[] = []
  let after: string | undefined
  do {
    const frame = { type: 'list_jobs', id: 'l', photonName, after }
    const { data } = list.parse(await conversation.ask('a', frame))
    expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThan(64 * 1024)
    found.push(...data.jobs.map((job) => job.id))
    after = data.after
  } while (after !== undefined)
  expect(found).toEqual(ids)
})
