// Jobs and time: firings that nobody was there for, clocks that jump, days that have another number of hours.

import { describe, expect, test } from 'bun:test'
import { day, hour, minute, morning, openJobsRoom } from '../support/jobs-room.ts'

const at = (n: number) => morning + n * minute
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => at(from + n))

describe('a machine that slept over ten firings', () => {
  const asleep = async (policy: 'skip' | 'run-once' | 'run-all') => {
    const room = await openJobsRoom()
    await room.call(room.ann, 'job.add', { id: 'm', every: minute, do: 'done', missed: policy })
    await room.pass(30_000)
    room.clocks.jump(10 * minute + 15_000)
    await room.pass(90_000)
    return room
  }
  // what the eleventh minute planned is 15 seconds late, which is no miss
  const missed = { count: 10, from: at(1), until: at(10) }

  test('leaves them out, and says how many they were', async () => {
    using room = await asleep('skip')
    expect(room.eventsOf('m').slice(1)).toMatchObject([
      { type: 'missed', ...missed, policy: 'skip', runs: 0 },
      { type: 'started', planned: at(11) },
      { type: 'finished' },
      { type: 'started', planned: at(12) },
      { type: 'finished' },
    ])
  })

  test('runs all of them with run-all, one after the other', async () => {
    using room = await asleep('run-all')
    expect(room.eventsOf('m')[1]).toMatchObject({ type: 'missed', ...missed, policy: 'run-all', runs: 10 })
    expect(room.startsOf('m')).toEqual(range(1, 12))
    expect(room.typesOf('m').filter((type) => type === 'finished')).toHaveLength(12)
  })

  test('runs no more than is due with run-once', async () => {
    using room = await asleep('run-once')
    expect(room.eventsOf('m')[1]).toMatchObject({ type: 'missed', ...missed, policy: 'run-once', runs: 0 })
    expect(room.startsOf('m')).toEqual([at(11), at(12)])
  })
})

test('run-once makes up for a night with one run, also after a restart', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  const schedule = { cron: '0 9 * * *', timeZone: 'UTC' }
  await call(ann, 'job.add', { id: 'n', ...schedule, do: 'done', missed: 'run-once' })
  await room.crash(3 * day + 5 * hour)
  expect(room.eventsOf('n')).toMatchObject([
    { type: 'missed', count: 4, from: at(60), until: morning + 3 * day + hour, runs: 1 },
    { type: 'started', planned: morning + 3 * day + hour },
    { type: 'finished' },
  ])
  await room.crash(day)
  expect(room.startsOf('n')).toEqual([morning + 4 * day + hour])
})

test('run-all makes up for a hundred at most, the newest, and says how many there were', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'many', every: minute, do: 'done', missed: 'run-all' })
  await room.crash(10 * day + 30_000)
  const last = 10 * 24 * 60
  expect(room.eventsOf('many')[0]).toMatchObject({ type: 'missed', count: last - 1, from: at(1), runs: 100 })
  // the last one is half a minute late
  expect(room.startsOf('many')).toEqual(range(last - 100, last))
})

test('a firing that is less than a minute late is no miss', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'late', every: hour, do: 'done' })
  await room.crash(hour + minute)
  expect(room.typesOf('late')).toEqual(['started', 'finished'])
  await room.crash(hour + 1)
  expect(room.typesOf('late')).toEqual(['missed'])
})

test('a clock that is set forward is noticed within half a minute', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'f', at: morning + 5 * hour, do: 'done' })
  await room.pass(hour)
  room.clocks.jump(4 * hour)
  await room.pass(30_000)
  expect(room.startsOf('f')).toEqual([morning + 5 * hour])
})

test('a clock that is set back makes nothing happen twice', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  const job = { id: 'b', every: 10 * minute, do: 'done', missed: 'run-all' } as const
  await call(ann, 'job.add', job)
  await room.pass(35 * minute)
  room.clocks.jump(-20 * minute)
  await room.pass(45 * minute)
  expect(room.startsOf('b')).toEqual([10, 20, 30, 40, 50, 60].map(at))
})

test('nor does a job that is removed and added again, nor a start', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  const job = { id: 'b', cron: '*/10 * * * *', do: 'done', missed: 'run-all' } as const
  await call(ann, 'job.add', job)
  await room.pass(15 * minute)
  await call(ann, 'job.remove', { id: 'b' })
  room.clocks.jump(-10 * minute)
  await call(ann, 'job.add', job)
  await room.pass(10 * minute)
  expect(room.startsOf('b')).toEqual([at(10)])
  room.clocks.jump(-10 * minute)
  await room.crash()
  await room.pass(20 * minute)
  expect(room.startsOf('b')).toEqual([at(20)])
})

test('a clock that was years ahead does not keep jobs from running when it is right again', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  await call(ann, 'job.add', { id: 'cron', cron: '0 * * * *', do: 'done' })
  await call(ann, 'job.add', { id: 'bad', every: day, do: 'nosuch', retry: 5 })
  room.clocks.jump(3650 * day)
  await room.pass(minute)
  await call(ann, 'job.add', { id: 'every', every: hour, do: 'done' })
  room.clocks.jump(-3650 * day)
  await room.pass(3 * hour)
  expect(room.startsOf('cron').slice(-3)).toEqual([60, 120, 180].map(at))
  expect(room.startsOf('every')).toHaveLength(2)
  expect(room.startsOf('bad').length).toBeGreaterThan(2)
  // and by the next start, when nobody noticed
  room.clocks.jump(3650 * day)
  await room.pass(minute)
  room.clocks.jump(-3650 * day)
  await room.crash()
  await room.pass(2 * hour)
  expect(room.startsOf('cron').slice(-2)).toEqual([240, 300].map(at))
})

test('what is planned in years is waited for, and is right on time', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  const { nextAt } = await call(ann, 'job.add', { id: 'y', cron: '0 0 1 1 *', timeZone: 'UTC', do: 'done' })
  expect(nextAt).toBe(Date.UTC(2028, 0, 1))
  await room.pass(2 * hour)
  expect(room.startsOf('y')).toEqual([])
  room.clocks.move(nextAt - 20_000 - room.clocks.wall)
  await room.clocks.wake(room.settle)
  await room.pass(19_999)
  expect(room.startsOf('y')).toEqual([])
  await room.pass(1)
  expect(room.startsOf('y')).toEqual([nextAt])
  expect(room.engine.delivered.find(({ type }) => type === 'job.started')?.at).toBe(nextAt)
})

describe('in a zone with summer time', () => {
  /** The instants at which such a job starts within two days. */
  const starts = async (from: string, cron: string): Promise<string[]> => {
    const room = await openJobsRoom()
    using _ = room
    const schedule = { cron, timeZone: 'Europe/Berlin' }
    room.clocks.move(Date.parse(from) - morning)
    await room.call(room.ann, 'job.add', { id: 'dst', ...schedule, do: 'done' })
    for (let waited = 0; waited < 2 * day; waited += 10 * minute) {
      room.clocks.move(10 * minute)
      await room.clocks.wake(room.settle)
    }
    return room.startsOf('dst').map((planned) => new Date(planned ?? 0).toISOString().slice(0, 16))
  }

  test('a time that does not exist on a day happens once, when the hour that is left out is over', async () => {
    // at 2:00 of 28 March 2027 the clock goes to 3:00
    expect(await starts('2027-03-27T12:00:00Z', '30 2 * * *')).toEqual([
      '2027-03-28T01:00',
      '2027-03-29T00:30',
    ])
  })

  test('a time that comes twice on a day happens once, the first time', async () => {
    // at 3:00 of 31 October 2027 the clock goes back to 2:00
    expect(await starts('2027-10-30T12:00:00Z', '30 2 * * *')).toEqual([
      '2027-10-31T00:30',
      '2027-11-01T01:30',
    ])
  })

  test('a job of every hour happens every hour that there is', async () => {
    const hours = (from: string) =>
      Array.from({ length: 48 }, (_, n) =>
        new Date(Date.parse(from) + (n + 1) * hour).toISOString().slice(0, 16),
      )
    for (const from of ['2027-03-27T12:00:00Z', '2027-10-30T12:00:00Z'])
      expect(await starts(from, '0 * * * *')).toEqual(hours(from))
  })
})
