// The jobs room through dispatch: what is planned, what runs, what is told.

import { expect, test } from 'bun:test'
import { minute, morning, openJobsRoom } from '../support/jobs-room.ts'

test('a job runs its action at each planned instant, and tells how it went', async () => {
  using room = await openJobsRoom()
  const { call, ann } = room
  const added = await call(ann, 'job.add', {
    id: 'tick',
    cron: '*/5 * * * *',
    timeZone: 'UTC',
    do: 'done',
    args: { a: 1 },
  })
  expect(added).toEqual({ id: 'tick', nextAt: morning + 5 * minute, replaced: false })
  await room.pass(5 * minute - 1)
  expect(room.typesOf('tick')).toEqual(['added'])
  await room.pass(1)
  expect(room.eventsOf('tick')).toEqual([
    {
      type: 'added',
      do: 'done',
      cron: '*/5 * * * *',
      timeZone: 'UTC',
      missed: 'skip',
      overlap: 'skip',
      retry: 0,
      nextAt: added.nextAt,
      replaced: false,
    },
    { type: 'started', do: 'done', planned: added.nextAt, attempt: 1 },
    {
      type: 'finished',
      planned: added.nextAt,
      attempt: 1,
      startedAt: added.nextAt,
      durationMs: 0,
      run: expect.stringMatching(/^run_/),
      result: expect.anything(),
    },
  ])
  const [message] = room.engine.delivered.filter(({ channel }) => channel === 'done')
  expect(message).toMatchObject({ by: 'job:tick', data: { a: 1 } })
  await room.pass(10 * minute)
  expect(room.startsOf('tick')).toEqual([5, 10, 15].map((n) => morning + n * minute))
  expect(await call(ann, 'job.get', { id: 'tick' })).toMatchObject({
    state: 'scheduled',
    running: false,
    runs: 3,
    lastAt: morning + 15 * minute,
    next: [20, 25, 30, 35, 40].map((n) => morning + n * minute),
    results: [5, 10, 15].map((n) => ({ what: 'finished', planned: morning + n * minute })),
  })
})
