// The jobs room through dispatch: what is planned and what runs, what is told of it, and whose it is.

import { describe, expect, test } from 'bun:test'
import { hour, minute, morning, openJobsRoom } from '../support/jobs-room.ts'
import { caller, refusal } from '../support/locks-room.ts'

test('a job runs its action at each planned instant, and tells how it went', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  const schedule = { cron: '*/5 * * * *', timeZone: 'UTC' }
  const added = await call(ann, 'job.add', { id: 'tick', ...schedule, do: 'done', args: { a: 1 } })
  expect(added).toEqual({ id: 'tick', nextAt: morning + 5 * minute, replaced: false })
  const policy = { missed: 'skip', overlap: 'skip', retry: 0 } as const
  await room.pass(5 * minute - 1)
  expect(room.typesOf('tick')).toEqual(['added'])
  await room.pass(1)
  const { nextAt: planned } = added
  expect(room.eventsOf('tick')).toEqual([
    { type: 'added', do: 'done', ...schedule, ...policy, nextAt: planned, replaced: false },
    { type: 'started', do: 'done', planned, attempt: 1 },
    {
      type: 'finished',
      planned,
      attempt: 1,
      startedAt: planned,
      durationMs: 0,
      run: expect.stringMatching(/^run_/),
    },
  ])
  const [message] = room.engine.delivered.filter(({ channel }) => channel === 'done')
  expect(message).toMatchObject({ by: 'job:tick', data: { a: 1 } })
  await room.pass(10 * minute)
  expect(room.startsOf('tick')).toEqual([5, 10, 15].map((n) => morning + n * minute))
  expect(await call(ann, 'job.get', { id: 'tick' })).toEqual({
    id: 'tick',
    do: 'done',
    args: { a: 1 },
    ...schedule,
    ...policy,
    state: 'scheduled',
    running: false,
    nextAt: morning + 20 * minute,
    runs: 3,
    lastAt: morning + 15 * minute,
    createdAt: morning,
    createdBy: 'test:ann',
    next: [20, 25, 30, 35, 40].map((n) => morning + n * minute),
    results: expect.arrayContaining([expect.objectContaining({ what: 'finished', planned })]),
  })
})

test('a span counts from when the job was added, and goes on when it is said again', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  const job = { id: 'span', every: 10 * minute, do: 'done' }
  await room.pass(3 * minute)
  expect(await call(ann, 'job.add', job)).toMatchObject({ nextAt: morning + 13 * minute })
  for (let said = 0; said < 8; said++) {
    await room.pass(3 * minute)
    await call(ann, 'job.add', job)
  }
  expect(room.startsOf('span')).toEqual([morning + 13 * minute, morning + 23 * minute])
  const other = await call(ann, 'job.add', { ...job, every: 20 * minute })
  expect(other).toEqual({ id: 'span', nextAt: morning + 47 * minute, replaced: true })
})

test('a job at one instant runs once, and is done', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  const at = new Date(morning + hour).toISOString()
  expect(await call(ann, 'job.add', { id: 'once', at, do: 'done' })).toMatchObject({ nextAt: morning + hour })
  await room.pass(2 * hour)
  expect(room.startsOf('once')).toEqual([morning + hour])
  expect(await call(ann, 'job.get', { id: 'once' })).toMatchObject({ state: 'done', runs: 1, next: [] })
  expect(await refusal(call(ann, 'job.add', { id: 'late', at, do: 'done' }))).toBe('bad_schedule')
})

test('what is no schedule, or no job, is refused', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  const refused = (params: object) => refusal(call(ann, 'job.add', { id: 'x', do: 'done', ...params }))
  expect(await refused({ cron: '61 * * * *' })).toBe('bad_schedule')
  expect(await refused({ cron: '0 0 30 2 *' })).toBe('bad_schedule')
  expect(await refused({ cron: '* * * * * *' })).toBe('bad_schedule')
  expect(await refused({ cron: '* * * * *', timeZone: 'Nowhere/At_All' })).toBe('bad_schedule')
  expect(await refused({ every: 999 })).toBe('bad_schedule')
  expect(await refused({ every: -1 })).toBe('bad_schedule')
  expect(await refused({ at: 'tomorrow' })).toBe('bad_request')
  expect(await refused({})).toBe('bad_request')
  expect(await refused({ every: 1000, cron: '* * * * *' })).toBe('bad_request')
  expect(await refused({ every: 1000, seconds: true })).toBe('bad_request')
  expect(await refused({ every: 1000, evry: 1 })).toBe('bad_request')
  expect(await refused({ every: 1000, args: 'x'.repeat(40_000) })).toBe('bad_request')
  expect(await refused({ every: 1000, announce: 'job:x' })).toBe('bad_request')
  expect(await refused({ every: 1000, id: '' })).toBe('bad_request')
  expect(await refused({ every: 1000, id: 'a\nb' })).toBe('bad_request')
  for (const method of ['job.get', 'job.run', 'job.pause', 'job.resume'])
    expect(await refusal(call(ann, method, { id: 'nobody' }))).toBe('unknown_job')
  expect(await call(ann, 'job.remove', { id: 'nobody' })).toEqual({ removed: false })
  expect(await call(ann, 'job.list', {})).toEqual({ jobs: [] })
})

test('an action that is not there (yet) is a failed run, not a refusal', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'early', every: minute, do: 'later' })
  await room.pass(minute)
  await call(ann, 'action.add', { name: 'later', kind: 'publish', channel: 'x' })
  await room.pass(minute)
  expect(room.eventsOf('early').slice(1)).toMatchObject([
    { type: 'started' },
    { type: 'failed', code: 'unknown_action', error: expect.stringContaining('"later"') },
    { type: 'started' },
    { type: 'finished' },
  ])
  expect((await call(ann, 'job.history', { id: 'early' })).results).toMatchObject([
    { what: 'failed', planned: morning + minute, attempt: 1 },
    { what: 'finished', planned: morning + 2 * minute },
  ])
})

test('paused, a job plans nothing; resumed, it goes on from now', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'p', every: 10 * minute, do: 'done', missed: 'run-all' })
  await call(ann, 'job.pause', { id: 'p' })
  expect(await call(ann, 'job.pause', { id: 'p' })).toEqual({ paused: true })
  expect(await call(ann, 'job.get', { id: 'p' })).toMatchObject({ state: 'paused', next: [] })
  await room.pass(35 * minute)
  const nextAt = morning + 40 * minute
  expect(await call(ann, 'job.resume', { id: 'p' })).toEqual({ paused: false, nextAt })
  expect(await call(ann, 'job.resume', { id: 'p' })).toEqual({ paused: false, nextAt })
  await room.pass(5 * minute)
  expect(room.typesOf('p')).toEqual(['added', 'paused', 'resumed', 'started', 'finished'])
  expect(room.startsOf('p')).toEqual([nextAt])
})

test('asked for, a job runs beside its schedule', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'now', every: hour, do: 'done' })
  expect(await call(ann, 'job.run', { id: 'now' })).toEqual({ started: true })
  await room.settle()
  expect(room.eventsOf('now').slice(1)).toMatchObject([
    { type: 'started', attempt: 1 },
    { type: 'finished', attempt: 1 },
  ])
  expect(room.startsOf('now')).toEqual([undefined])
  expect(room.engine.delivered.find(({ type }) => type === 'job.started')?.by).toBe('test:ann')
  expect(await call(ann, 'job.get', { id: 'now' })).toMatchObject({ runs: 1, nextAt: morning + hour })
})

test('removed, a job runs no more; its history stays', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'gone', every: minute, do: 'done' })
  await room.pass(minute)
  expect(await call(ann, 'job.remove', { id: 'gone' })).toEqual({ removed: true })
  await room.pass(hour)
  expect(room.typesOf('gone')).toEqual(['added', 'started', 'finished', 'removed'])
  expect((await call(ann, 'job.history', { id: 'gone' })).results).toHaveLength(1)
})

test('the end of a run is announced where the job says so, and not kept', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  const announce = 'jobs:kanban'
  await call(ann, 'job.add', { id: 'good', every: minute, do: 'done', announce })
  await call(ann, 'job.add', { id: 'bad', every: minute, do: 'nosuch', announce })
  await room.pass(2 * minute)
  const told = room.engine.delivered.filter(({ channel }) => channel === announce)
  expect(told.map(({ seq, type }) => [seq, type])).toEqual(Array.from({ length: 4 }, () => [0, 'message']))
  expect(told.map(({ data }) => data).filter((data) => JSON.stringify(data).includes('good'))).toEqual([
    { event: 'job-completed', jobId: 'good', method: 'done', runCount: 1 },
    { event: 'job-completed', jobId: 'good', method: 'done', runCount: 2 },
  ])
  expect(told.map(({ data }) => data)).toContainEqual({
    event: 'job-failed',
    jobId: 'bad',
    method: 'nosuch',
    error: 'Tool not found: nosuch',
  })
})

describe('an id', () => {
  const ids = [
    '../../../evil',
    'a/b',
    '*',
    'job*',
    '%',
    '_',
    "'; DROP TABLE jobs",
    '日本 🙂',
    '__proto__',
    'x'.repeat(256),
  ]

  test('is data: whatever it is, it names its job and no other', async () => {
    using room = await openJobsRoom()
    const { call, ann } = room
    for (const id of ids) await call(ann, 'job.add', { id, every: minute, do: 'done' })
    await room.pass(minute)
    const { jobs } = await call(ann, 'job.list', {})
    expect(new Set(jobs.map(({ id }) => id))).toEqual(new Set(ids))
    expect(jobs.every(({ runs }) => runs === 1)).toBe(true)
    for (const id of ids)
      expect((await call(ann, 'job.history', { id })).results).toMatchObject([{ what: 'finished' }])
    expect(await call(ann, 'job.remove', { id: '*' })).toEqual({ removed: true })
    expect((await call(ann, 'job.list', {})).jobs).toHaveLength(ids.length - 1)
    expect(await refusal(call(ann, 'job.get', { id: 'x'.repeat(257) }))).toBe('bad_request')
  })

  test('belongs to its namespace: the same one is two jobs, and neither ends the other', async () => {
    using room = await openJobsRoom()
    const { call } = room
    const [aaa, bbb] = [caller('a', 'aaa'), caller('b', 'bbb')]
    for (const [peer, channel] of [
      [aaa, 'of a'],
      [bbb, 'of b'],
    ] as const) {
      await call(peer, 'action.add', { name: 'tell', kind: 'publish', channel })
      await call(peer, 'job.add', { id: 'ipc:id', every: minute, do: 'tell' })
    }
    await room.pass(minute)
    expect(room.startsOf('ipc:id')).toEqual([morning + minute, morning + minute])
    expect(await call(bbb, 'job.remove', { id: 'id' })).toEqual({ removed: false })
    expect(await call(bbb, 'job.remove', { id: 'ipc:id' })).toEqual({ removed: true })
    expect((await call(aaa, 'job.list', {})).jobs).toMatchObject([{ id: 'ipc:id', runs: 1 }])
    expect((await call(bbb, 'job.list', {})).jobs).toEqual([])
    await room.pass(minute)
    expect(room.engine.delivered.filter(({ channel }) => channel.startsWith('of'))).toMatchObject([
      { namespace: 'aaa', channel: 'of a' },
      { namespace: 'bbb', channel: 'of b' },
      { namespace: 'aaa', channel: 'of a' },
    ])
  })
})

test('jobs are listed page by page, by id', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  const ids = Array.from({ length: 25 }, (_, n) => `job ${String(n).padStart(2, '0')}`)
  for (const id of ids.toReversed()) await call(ann, 'job.add', { id, every: minute, do: 'done' })
  const found: string[] = []
  for (let after: string | undefined; ;) {
    const page = await call(ann, 'job.list', { limit: 10, ...(after !== undefined && { after }) })
    found.push(...page.jobs.map(({ id }) => id))
    if (page.next === undefined) break
    after = page.next
  }
  expect(found).toEqual(ids)
})
