// How long the beginning of a session takes until its client is told of it, and its end until nothing of it runs.

import { openConnection } from '../../../src/client/connection.ts'
import type { TestDaemon } from '../../../test/support/daemon.ts'
import { openOldClient } from '../../../test/support/orchestrator.ts'
import { isAlive } from '../../../test/support/sessions.ts'
import { rowOf, type Row } from '../report.ts'
import type { Stage } from '../stage.ts'

export const spawnToSpawned = async (stage: Stage, daemon: TestDaemon): Promise<Row> => {
  const runs = stage.quick ? 12 : 40
  await using client = await openOldClient(daemon.url)
  const times: number[] = []
  stage.say(`sessions: ${runs} beginnings`)
  await stage.quiet()
  // the first asks the program for its version
  for (let run = -1; run < runs; run++) {
    const startedAt = performance.now()
    const { id } = await client.spawn('nothing', { directory: daemon.home })
    if (run >= 0) times.push(performance.now() - startedAt)
    client.stop(id)
    await client.status('terminated', id)
  }
  return rowOf({
    what: 'spawn_session to session_spawned',
    unit: 'ms',
    ours: times,
    better: 'less',
    least: 20,
    notes: [about(times)],
  })
}

const about = (times: readonly number[]): string =>
  `${times.length} times, ${Math.min(...times).toFixed(1)} to ${Math.max(...times).toFixed(1)} ms`

export const stopToGone = async (stage: Stage, daemon: TestDaemon): Promise<Row[]> => {
  const runs = stage.quick ? 6 : 20
  await using connection = await openConnection(daemon.socket)

  /** Begins one, has it do something, and stops it. */
  const stop = async (order: string, doing: 'idle' | 'running'): Promise<number> => {
    const { session } = await connection.call('session.spawn', { directory: daemon.home, prompt: order })
    const { id } = session
    const isSo = async () => {
      const now = (await connection.call('session.get', { id })).session
      return now?.status === doing && now.turns === 1 ? now.pid : undefined
    }
    let pid = await isSo()
    for (; pid === undefined; pid = await isSo()) await Bun.sleep(5)
    const startedAt = performance.now()
    await connection.call('session.stop', { id })
    const ms = performance.now() - startedAt
    if (isAlive(pid)) throw new Error(`The process ${pid} lives on`)
    return ms
  }
  const row = async (what: string, least: number, times: Promise<number[]>): Promise<Row> =>
    rowOf({
      what: `session.stop until nothing of it runs, ${what}, the slowest`,
      unit: 'ms',
      ours: [Math.max(...(await times))],
      better: 'less',
      least,
      notes: [about(await times)],
    })
  const several = async (order: string, doing: 'idle' | 'running'): Promise<number[]> => {
    const times: number[] = []
    for (let run = 0; run < runs; run++) times.push(await stop(order, doing))
    return times
  }

  stage.say(`sessions: ${runs} ends, and some that ignore SIGTERM`)
  await stage.quiet()
  return [
    await row('one that is idle', 100, several('nothing', 'idle')),
    await row('one in the middle of a turn', 100, several('wait', 'running')),
    await row(
      'one that ignores SIGTERM',
      5200,
      Promise.all(Array.from({ length: 4 }, () => stop('deaf', 'idle'))),
    ),
  ]
}
