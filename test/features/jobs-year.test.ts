// A year of 200 jobs, in seconds, with the process killed a few dozen times, nights asleep, and a clock that is set
// back now and then: every planned firing happens exactly once, and every run ends exactly once.

import { expect, test } from 'bun:test'
import { hour, minute, openJobsRoom } from '../support/jobs-room.ts'
import { planOf, randomOf, yearEnd } from '../support/jobs-year.ts'

const jobs = 200
const crashes = 40

test('every planned firing of 200 jobs in a year happens exactly once, through crashes, sleep and clocks that jump', async () => {
  const random = randomOf(20_270_115)
  using room = await openJobsRoom()
  const { call, ann, clocks } = room
  const hurry = () => room.engine.database.run('PRAGMA synchronous = OFF')
  hurry()
  const plans = Array.from({ length: jobs }, (_, n) => ({ id: `job ${n}`, ...planOf(random) }))
  const wanted = plans.map(({ id, schedule }, n) => ({
    id,
    ...schedule,
    do: n % 4 === 0 ? 'done' : 'nosuch',
    missed: 'run-all' as const,
    overlap: 'queue' as const,
    retry: n % 3,
  }))
  for (const job of wanted) await call(ann, 'job.add', job)

  const instants = [...new Set(plans.flatMap((plan) => plan.instants))].toSorted((a, b) => a - b)
  const killed = new Set(Array.from({ length: crashes }, () => Math.floor(random() * instants.length)))
  /** time passes to `instant`, with whoever is due */
  const reach = async (instant: number): Promise<void> => {
    clocks.move(Math.max(0, instant - clocks.wall))
    await clocks.wake(room.settle)
  }
  for (const [n, instant] of instants.entries()) {
    if (killed.has(n)) {
      clocks.move(Math.max(0, instant - clocks.wall))
      // some turns into what this instant begins, or none at all
      const turns = Math.floor(random() * 6)
      void clocks.wake(async () => {})
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
      await room.crash(random() * 5 * hour)
      hurry()
      continue
    }
    if (n % 500 === 250) clocks.jump(random() * 20 * hour)
    if (n % 500 === 400) clocks.jump(-random() * 3 * hour)
    if (n % 50 === 0) {
      // said again at the very instant at which it may be due
      clocks.move(Math.max(0, instant - clocks.wall))
      const again = wanted[Math.floor(random() * jobs)]
      const saying = again && call(ann, 'job.add', again).catch(() => undefined)
      await clocks.wake(room.settle)
      await saying
    }
    await reach(instant)
    // the clock was set: what is due is found when somebody looks
    if (n % 500 === 250) await reach(clocks.wall + minute)
  }
  await reach(yearEnd)
  await room.pass(20 * minute)

  const rows = room.engine.reader
    .query<{ channel: string; type: string; data: string }, []>(
      "SELECT s.channel, s.type, e.data FROM events e JOIN streams s ON s.id = e.stream WHERE s.channel GLOB 'job:*'",
    )
    .all()
    .map(({ channel, type, data }) => ({ id: channel.slice(4), type: type.slice(4), ...JSON.parse(data) }))
  const begun = new Map<string, number[]>(plans.map(({ id }) => [id, []]))
  const open = new Set<string>()
  const wrong: string[] = []
  for (const { id, type, planned, attempt } of rows) {
    const name = `${id} ${planned} ${attempt}`
    if (type === 'started') {
      if (attempt === 1 && planned <= yearEnd) begun.get(id)?.push(planned)
      if (open.has(name)) wrong.push(`${name} began twice`)
      open.add(name)
    }
    const ends = type === 'finished' || type === 'failed' || type === 'lost'
    if (ends && !open.delete(name)) wrong.push(`${name} ended and had not begun`)
  }
  expect(wrong).toEqual([])
  expect([...open]).toEqual([])
  for (const { id, schedule, instants: planned } of plans)
    expect({ id, schedule, begun: begun.get(id)?.toSorted((a, b) => a - b) }).toEqual({
      id,
      schedule,
      begun: planned,
    })
  const types = new Set(rows.map(({ type }) => type))
  for (const type of ['lost', 'missed', 'finished', 'failed']) expect(types).toContain(type)
  expect(instants.length).toBeGreaterThan(5000)
}, 240_000)
