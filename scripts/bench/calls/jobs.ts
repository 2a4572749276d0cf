// Jobs: how late a firing begins on a machine that does little else, and what ten thousand of them cost a daemon that
// starts, and one that nobody asks anything.

import { readdirSync, readFileSync } from 'node:fs'
import { openConnection } from '../../../src/client/connection.ts'
import type { TestDaemon } from '../../../test/support/daemon.ts'
import { startOnce } from '../idle.ts'
import { rowOf, type Row } from '../report.ts'
import { median } from '../rounds.ts'
import type { Stage } from '../stage.ts'

const many = 10_000
const betweenMs = 50
/** what begins after the start is done by then */
const settleMs = 3000

export const jobs = async (stage: Stage): Promise<Row[]> => [await late(stage), ...(await tenThousand(stage))]

/** One firing after the other, never two at once. */
const late = async (stage: Stage): Promise<Row> => {
  const firings = stage.quick ? 100 : 300
  await using daemon = await stage.daemon()
  const asking = await openConnection(daemon.socket)
  await asking.call('action.add', { name: 'tell', kind: 'publish', channel: 'bench' })
  await stage.quiet()
  const from = Date.now() + 1000
  for (let n = 0; n < firings; n++)
    await asking.call('job.add', { id: `${n}`, at: from + n * betweenMs + (n % 7), do: 'tell' })
  const listening = await openConnection(daemon.socket)
  const { subscription } = await listening.call('event.subscribe', { channel: 'job:*', type: 'job.started' })
  stage.say(`calls: ${firings} firings of jobs`)
  const lateness: number[] = []
  while (lateness.length < firings) {
    const delivery = await listening.next(subscription)
    if (!('event' in delivery)) throw new Error('The events came too fast')
    const { planned } = delivery.event.data as { planned: number }
    lateness.push(delivery.event.at - planned)
  }
  for (const connection of [asking, listening]) connection.close()
  const sorted = lateness.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(firings - 1, Math.floor(firings * share))] ?? NaN
  return rowOf({
    what: 'firing of a job, planned to started, p99',
    unit: 'ms',
    ours: [at(0.99)],
    better: 'less',
    least: 20,
    notes: [`${firings} firings: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, latest ${at(1)} ms`],
  })
}

const tenThousand = async (stage: Stage): Promise<Row[]> => {
  const [with10k, without] = [stage.home(), stage.home()]
  stage.say(`calls: ${many.toLocaleString('en-US')} jobs are added`)
  await (await stage.daemon({ home: without })).stop()
  await using filled = await stage.daemon({ home: with10k })
  await fill(filled)
  await filled.stop()

  const rounds = stage.quick ? 5 : 15
  const times: { ours: number; floor: number }[] = []
  stage.say(`calls: ${rounds} rounds of starts`)
  await stage.quiet()
  for (let round = 0; round < rounds; round++)
    times.push({ floor: await startOnce(stage, without), ours: await startOnce(stage, with10k) })

  const spanMs = stage.quick ? 8000 : 40_000
  await using busy = await stage.daemon({ home: with10k })
  await using idle = await stage.daemon({ home: without })
  await Bun.sleep(settleMs)
  stage.say(`calls: idle for ${spanMs / 1000} s`)
  const before = [processorMs(busy.pid), processorMs(idle.pid)]
  await Bun.sleep(spanMs)
  const [ours = NaN, floor = NaN] = [processorMs(busy.pid), processorMs(idle.pid)].map(
    (after, n) => ((after - (before[n] ?? NaN)) / spanMs) * 100,
  )
  return [
    rowOf({
      what: `start until /ready, what ${many.toLocaleString('en-US')} jobs add`,
      unit: 'ms',
      ours: times.map((each) => each.ours - each.floor),
      better: 'less',
      least: 300,
      notes: [
        `${median(times.map((each) => each.ours)).toFixed(0)} ms with them, ${median(times.map((each) => each.floor)).toFixed(0)} ms without`,
      ],
    }),
    rowOf({
      what: `idle CPU, what ${many.toLocaleString('en-US')} jobs add`,
      unit: '%',
      ours: [Math.max(0, ours - floor)],
      better: 'less',
      least: 0.1,
      notes: [`${ours.toFixed(3)} % with them, ${floor.toFixed(3)} % without, in ${spanMs / 1000} s`],
    }),
  ]
}

/** Jobs of every kind that have nothing to do today. */
const fill = async (daemon: TestDaemon): Promise<void> => {
  const connection = await openConnection(daemon.socket)
  const atOnce = 500
  const calls = Array.from({ length: many }, (_, n) => ({
    id: `job ${n}`,
    do: 'tell',
    args: { n },
    ...(n % 3 === 0
      ? { every: 30 * 86_400_000 + n }
      : { cron: `${n % 60} ${n % 24} ${1 + (n % 28)} ${1 + ((new Date().getMonth() + 6) % 12)} *` }),
  }))
  for (let from = 0; from < many; from += atOnce)
    await Promise.all(calls.slice(from, from + atOnce).map((job) => connection.call('job.add', job)))
  connection.close()
}

/** Time on a processor so far: to the nanosecond where the kernel counts it so. */
const processorMs = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const [nanoseconds = '0'] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')
    return sum + Number(nanoseconds) / 1e6
  }, 0)
