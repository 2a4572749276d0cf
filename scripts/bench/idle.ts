// What a daemon costs that nobody asks anything: its private memory against a bare compiled server's, and how long it
// takes to be there.

import { pathsOf } from '../../src/paths.ts'
import { privateOf } from './memory.ts'
import { rowOf, type Row } from './report.ts'
import { median } from './rounds.ts'
import { eventBody } from './requests.ts'
import type { Stage, Suite } from './stage.ts'

/** long enough for what begins after the start to be done */
const settleMs = 3000
const readyWithinMs = 10_000

export const idle: Suite = async (stage) => [await memory(stage), await start(stage)]

const memory = async (stage: Stage): Promise<Row> => {
  await using daemon = await stage.daemon()
  await using bare = await stage.serve('http')
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${daemon.token}` }
  // both have done their work once
  for (const url of [`${daemon.url}/events`, `${bare.said}events`])
    await (await fetch(url, { method: 'POST', headers, body: eventBody })).text()
  stage.say('idle: memory')
  await Bun.sleep(settleMs)
  const [ours, floor] = [privateOf(daemon.pid), privateOf(bare.pid)]
  return rowOf({
    what: `idle memory, ${ours.what}, against a bare compiled server`,
    unit: 'MiB',
    ours: [ours.mebibytes],
    floors: [floor.mebibytes],
    better: 'less',
    least: 1.5,
    notes:
      ours.anonymous && floor.anonymous
        ? [`anonymous: ours ${ours.anonymous} MiB, floor ${floor.anonymous} MiB`]
        : [],
  })
}

const start = async (stage: Stage): Promise<Row> => {
  const runs = stage.quick ? 5 : 15
  const times: number[] = []
  stage.say('idle: start')
  await stage.quiet()
  for (let run = 0; run < runs; run++) times.push(await startOnce(stage))
  return rowOf({
    what: 'start until /ready, a new home',
    unit: 'ms',
    ours: times,
    better: 'less',
    least: 250,
    notes: [
      `${runs} starts, ${Math.min(...times).toFixed(0)} to ${Math.max(...times).toFixed(0)} ms, median ${median(times).toFixed(0)}`,
    ],
  })
}

/** From the spawn to the first 200. */
export const startOnce = async (stage: Stage, home = stage.home()): Promise<number> => {
  const { httpSocket } = pathsOf(home)
  const env = stage.environmentOf(home)
  const startedAt = performance.now()
  await using daemon = stage.spawn([stage.binary, 'start', '--foreground', '--listen', '127.0.0.1:0'], env)
  while (!(await isReady(httpSocket))) {
    if (daemon.exitCode !== null || performance.now() - startedAt > readyWithinMs)
      throw new Error('It did not start')
    await Bun.sleep(1)
  }
  return performance.now() - startedAt
}

const isReady = async (socket: string): Promise<boolean> => {
  try {
    return (await fetch('http://localhost/ready', { unix: socket })).ok
  } catch {
    return false
  }
}
