// How soon what a session's process says is a frame on a viewer's socket, against a relay that does nothing else; and
// what many of them at once cost the daemon.

import { openConnection } from '../../../src/client/connection.ts'
import type { TestDaemon } from '../../../test/support/daemon.ts'
import { cpuOf } from '../cpu.ts'
import { rowOf, type Row } from '../report.ts'
import { inTurns, median, series } from '../rounds.ts'
import type { Stage } from '../stage.ts'
import type { Watched, WatchersOptions } from './watchers.ts'

const everyMs = 5

const watcherOf = (session: string): WatchersOptions['watchers'][number] => ({
  says: JSON.stringify({ type: 'session_status', payload: { sessionId: session } }),
  hears: '"session_status_update"',
})

const watch = (stage: Stage, options: WatchersOptions) =>
  stage.watch<Watched>('sessions/watchers.ts', options)

/** A session that has nothing to do yet. */
const begin = async (daemon: TestDaemon): Promise<string> => {
  await using connection = await openConnection(daemon.socket)
  const { session } = await connection.call('session.spawn', { directory: daemon.home })
  return session.id
}

/** Has it stream, to the end of its turn. */
const stream = async (daemon: TestDaemon, id: string, pieces: number): Promise<void> => {
  await using connection = await openConnection(daemon.socket)
  const { message } = await connection.call('session.send', { id, text: `stream ${pieces} ${everyMs}` })
  await connection.call('session.wait', { id, message })
}

export const lineToFrame = async (stage: Stage, daemon: TestDaemon, claude: string): Promise<Row> => {
  const [rounds, pieces] = stage.quick ? [3, 220] : [7, 420]
  const { url } = daemon
  const session = await begin(daemon)
  await using relay = await stage.serve('relay', claude)

  const ours = series(async () => {
    await stage.quiet()
    await using watchers = await watch(stage, { url, watchers: [watcherOf(session)], pieces })
    await stream(daemon, session, pieces)
    return await watchers.end()
  })
  const floor = series(async () => {
    await stage.quiet()
    await using watchers = await watch(stage, { url: relay.said, watchers: [{}], pieces })
    const text = `stream ${pieces} ${everyMs}`
    const order = JSON.stringify({
      type: 'user',
      message: { role: 'user', content: [{ type: 'text', text }] },
    })
    const socket = new WebSocket(relay.said.replace('http', 'ws'))
    const over = new Promise<void>((resolve) =>
      socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
        if (data.includes('"type":"result"')) resolve()
      }),
    )
    socket.addEventListener('open', () => socket.send(order))
    await over
    socket.close()
    return await watchers.end()
  })
  stage.say(`sessions: ${rounds} rounds of ${pieces} lines`)
  await inTurns(rounds, [floor, ours])
  const p99 = (all: readonly Watched[]) => median(all.map((each) => each.p99)).toFixed(0)
  return rowOf({
    what: 'a line of a session to a frame on a socket, p50, against a bare relay from pipe to WebSocket',
    unit: 'µs',
    ours: ours.results.map(({ p50 }) => p50),
    floors: floor.results.map(({ p50 }) => p50),
    better: 'less',
    least: 2,
    notes: [`p99: ours ${p99(ours.results)} µs, floor ${p99(floor.results)} µs; a line each ${everyMs} ms`],
  })
}

const sessions = 20
const viewersOfEach = 5

export const manyStreams = async (stage: Stage, daemon: TestDaemon): Promise<Row> => {
  const pieces = stage.quick ? 800 : 2000
  const ids = await Promise.all(Array.from({ length: sessions }, () => begin(daemon)))
  const watchers = ids.flatMap((id) => Array.from({ length: viewersOfEach }, () => watcherOf(id)))
  stage.say(`sessions: ${sessions} that stream to ${viewersOfEach} viewers each`)
  await stage.quiet()
  await using watching = await watch(stage, { url: daemon.url, watchers, pieces })
  const [cpu, startedAt] = [cpuOf(daemon.pid) ?? NaN, performance.now()]
  await Promise.all(ids.map((id) => stream(daemon, id, pieces)))
  const share = ((cpuOf(daemon.pid) ?? NaN) - cpu) / (performance.now() - startedAt)
  const { lost, disordered, p50, p99 } = await watching.end()
  if (lost + disordered > 0)
    throw new Error(`${lost} pieces were lost and ${disordered} came out of their order`)
  const each = (share * everyMs * 1000) / sessions
  return rowOf({
    what: `${sessions} sessions that say ${1000 / everyMs} pieces a second to ${viewersOfEach} viewers each: CPU of the daemon`,
    unit: '% of a core',
    ours: [share * 100],
    better: 'less',
    least: 30,
    notes: [
      `${pieces * sessions * viewersOfEach} frames, none lost, all in order; p50 ${p50.toFixed(0)} µs, p99 ${p99.toFixed(0)} µs`,
      `${each.toFixed(0)} µs for a piece and its ${viewersOfEach} frames`,
    ],
  })
}
