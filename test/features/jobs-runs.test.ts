// Runs of a job: that they never overlap, are tried again as often as was said, and what the end of the daemon makes
// of one that goes on.

import { expect, test } from 'bun:test'
import { Database } from 'bun:sqlite'
import { limits } from '../../src/protocol/limits.ts'
import { openEngine, temporaryFolder } from '../support/engine.ts'
import { minute, morning, openJobsRoom } from '../support/jobs-room.ts'
import { caller, settled } from '../support/locks-room.ts'
import { createMovedClocks } from '../support/moved-clocks.ts'

const at = (n: number) => morning + n * minute

test('a firing while the run before it goes on is left out, and told', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'slow', every: minute, do: 'waits' })
  await room.pass(3 * minute)
  expect((await call(ann, 'job.list', {})).jobs).toMatchObject([{ id: 'slow', running: true }])
  expect(await call(ann, 'job.run', { id: 'slow' })).toEqual({ started: false, reason: 'running' })
  const finished = room.next('slow', 'finished')
  await room.letGo()
  await finished
  await room.pass(minute)
  expect(room.eventsOf('slow').slice(1)).toMatchObject([
    { type: 'started', planned: at(1) },
    { type: 'skipped', planned: at(2), reason: 'running' },
    { type: 'skipped', planned: at(3), reason: 'running' },
    { type: 'finished', planned: at(1), durationMs: 2 * minute },
    { type: 'started', planned: at(4) },
  ])
  expect((await call(ann, 'job.history', { id: 'slow' })).results.map(({ what }) => what)).toEqual([
    'skipped',
    'skipped',
    'finished',
  ])
})

test('with overlap queue it waits for its turn, in order, in a bounded line', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'line', every: minute, do: 'waits', overlap: 'queue' })
  await room.pass(103 * minute)
  expect(room.eventsOf('line').slice(1)).toMatchObject([
    { type: 'started', planned: at(1) },
    { type: 'skipped', planned: at(102), reason: 'line_full' },
    { type: 'skipped', planned: at(103), reason: 'line_full' },
  ])
  expect(await call(ann, 'job.run', { id: 'line' })).toEqual({ started: false, reason: 'line_full' })
  for (let n = 1; n <= 3; n++) {
    const started = room.next('line', 'started')
    await room.letGo()
    await started
    expect(room.startsOf('line')).toEqual(Array.from({ length: n + 1 }, (_, each) => at(each + 1)))
  }
  expect(await call(ann, 'job.run', { id: 'line' })).toEqual({ started: false, reason: 'waits' })
  expect(await call(ann, 'job.remove', { id: 'line' })).toEqual({ removed: true })
  const finished = room.next('line', 'finished')
  await room.letGo()
  await finished
  await room.pass(minute)
  expect(room.startsOf('line')).toHaveLength(4)
})

test('a run that fails is tried again with growing pauses, as often as was said', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'bad', every: 60 * minute, do: 'nosuch', retry: 2 })
  await room.pass(61 * minute)
  const planned = at(60)
  expect(room.eventsOf('bad').slice(1)).toMatchObject([
    { type: 'started', planned, attempt: 1 },
    { type: 'failed', planned, attempt: 1, retryAt: planned + 1000 },
    { type: 'started', planned, attempt: 2 },
    { type: 'failed', planned, attempt: 2, retryAt: planned + 3000 },
    { type: 'started', planned, attempt: 3 },
    { type: 'failed', planned, attempt: 3 },
  ])
  expect(room.eventsOf('bad').at(-1)).not.toHaveProperty('retryAt')
})

test('while a run waits for another try, the next firing is no second run', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'often', every: 1000, do: 'nosuch', retry: 3 })
  await room.pass(3000)
  const types = ['started', 'failed', 'started', 'skipped', 'failed', 'skipped']
  expect(room.typesOf('often').slice(1)).toEqual(types)
})

test('a command that fails says why', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'sh', every: minute, do: 'fails' })
  const failed = room.next('sh', 'failed')
  await room.pass(minute)
  expect((await failed).data).toMatchObject({
    code: 'action_failed',
    error: expect.stringContaining('no luck'),
    planned: at(1),
  })
})

test('a run that takes too long is ended', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'long', every: 10 * minute, do: 'waits', timeout: 30_000 })
  const failed = room.next('long', 'failed')
  await room.pass(11 * minute)
  expect((await failed).data).toMatchObject({ code: 'action_timeout', planned: at(10) })
})

test('what ran when the daemon ended was lost, and does not run again', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'lost', every: 10 * minute, do: 'waits' })
  await room.pass(10 * minute)
  await room.crash(minute)
  expect(room.eventsOf('lost')).toEqual([{ type: 'lost', planned: at(10), attempt: 1, startedAt: at(10) }])
  await room.pass(2 * minute)
  expect(room.typesOf('lost')).toEqual(['lost'])
  await room.pass(7 * minute)
  expect(room.startsOf('lost')).toEqual([at(20)])
  expect((await call(ann, 'job.history', { id: 'lost' })).results).toMatchObject([
    { what: 'lost', planned: at(10) },
  ])
})

test('with retry it runs again, as often as was said, also when the daemon ends each time', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  const once = new Date(at(10)).toISOString()
  await call(ann, 'job.add', { id: 'again', at: once, do: 'waits', retry: 2 })
  await room.pass(10 * minute)
  for (const attempt of [1, 2]) {
    await room.crash(minute)
    expect(room.eventsOf('again')[0]).toMatchObject({ type: 'lost', planned: at(10), attempt })
    await room.pass(2000)
    expect(room.eventsOf('again')[1]).toMatchObject({
      type: 'started',
      planned: at(10),
      attempt: attempt + 1,
    })
  }
  await room.crash(minute)
  await room.pass(minute)
  expect(room.typesOf('again')).toEqual(['lost'])
})

test('an end in order is an end too: what ran was lost, what waits in line goes on after the start', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'line', every: minute, do: 'waits', overlap: 'queue' })
  await room.pass(2 * minute)
  await room.restart(1000)
  expect(room.eventsOf('line')).toMatchObject([
    { type: 'lost', planned: at(1) },
    { type: 'started', planned: at(2) },
  ])
})

test('what is due while the disk refuses runs when it takes it again, once; so is the end of a run told', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'due', at: at(5), do: 'done' })
  await call(ann, 'job.add', { id: 'long', at: at(1), do: 'waits' })
  await room.pass(4 * minute)
  const other = new Database(room.engine.path)
  other.run('BEGIN IMMEDIATE')
  const refused = room.engine.diary.written('jobs could not be written; it is tried again')
  await room.letGo()
  await room.pass(61_000)
  await refused
  await room.pass(1000)
  expect([...room.startsOf('due'), ...room.typesOf('long').slice(2)]).toEqual([])
  other.run('ROLLBACK')
  other.close()
  await room.pass(3000)
  expect(room.startsOf('due')).toEqual([at(5)])
  expect(room.typesOf('due').at(-1)).toBe('finished')
  expect(room.typesOf('long').slice(2)).toEqual(['finished'])
}, 30_000)

test('however many triggers come at once, a firing begins once', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  const job = { id: 'x', every: 10 * minute, do: 'done' }
  await call(ann, 'job.add', job)
  room.clocks.move(10 * minute)
  // each of them sets the alarm anew, which then rings at once
  const calls = Array.from({ length: 20 }, () => call(ann, 'job.add', job))
  const woken = room.clocks.wake(room.settle)
  await Promise.all([...calls, woken])
  await room.clocks.wake(room.settle)
  expect(room.startsOf('x')).toEqual([at(10)])
  expect(room.typesOf('x').filter((type) => type === 'skipped')).toEqual([])
})

test('what a run gave is shown with its result, and what is secret in it is in no event of the job', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  const env = { API_TOKEN: 'secret-8f2b7c1d9e' }
  const command = ['/bin/sh', '-c', 'echo "done with $API_TOKEN"']
  await call(ann, 'action.add', { name: 'secretive', kind: 'command', command, env })
  await call(ann, 'job.add', { id: 's', every: minute, do: 'secretive' })
  const finished = room.next('s', 'finished')
  await room.pass(minute)
  await finished
  const [result] = (await call(ann, 'job.get', { id: 's' })).results
  expect(result).toMatchObject({ what: 'finished', result: expect.stringContaining('done with') })
  expect(JSON.stringify([result, room.eventsOf('s')])).not.toContain(env.API_TOKEN)
})

test('more firings at one instant than the line of their action holds all run, and none fails for that', async () => {
  using folder = temporaryFolder()
  const clocks = createMovedClocks()
  using engine = openEngine(folder.path, { clock: clocks.clock, steady: clocks.process() })
  const ann = caller('ann')
  engine.database.run('PRAGMA synchronous = OFF')
  await engine.dispatch(ann, 'action.add', { name: 'done', kind: 'publish', channel: 'done' })
  const ids = Array.from({ length: limits.actionLine + 50 }, (_, n) => `job ${n}`)
  const instant = clocks.wall + minute
  await Promise.all(ids.map((id) => engine.dispatch(ann, 'job.add', { id, at: instant, do: 'done' })))
  const ended = new Map<string, string>()
  engine.observers.push((events) => {
    for (const { channel, type } of events)
      if (type === 'job.finished' || type === 'job.failed') ended.set(channel, type)
  })
  // those for whom there was no room come again a little later
  while (ended.size < ids.length) {
    await clocks.pass(minute, () => settled(engine))
    await settled(engine)
  }
  expect(new Set(ended.values())).toEqual(new Set(['job.finished']))
}, 30_000)
