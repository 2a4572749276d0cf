// What sessions that have ended leave in the daemon's memory. It is read on a daemon as it is after some days: the page
// cache of its database is full, and some sessions have come and gone, so that what any work takes once (compiled
// code, the collector's room) is there already; what a fresh one grows by is said beside it.

import { openConnection, type Connection } from '../../../src/client/connection.ts'
import type { TestDaemon } from '../../../test/support/daemon.ts'
import { privateOf } from '../memory.ts'
import { rowOf, type Row } from '../report.ts'
import type { Stage } from '../stage.ts'

const atOnce = 6
const settleMs = 4000
const lookMs = 4

/** more than both connections to the database keep of it */
const megabytes = 40
const messageBytes = 4096
const messagesAtOnce = 64

export const finished = async (stage: Stage, claude: string): Promise<Row> => {
  const [count, warming] = stage.quick ? [400, 200] : [1000, 300]
  await using daemon = await stage.daemon({
    env: { PAID_CLAUDE: claude },
    config: { sessions: { max: atOnce } },
  })
  await using connection = await openConnection(daemon.socket)
  stage.say(`sessions: ${count} that end`)
  const memory = () => privateOf(daemon.pid)
  const fresh = memory()
  await fill(connection)
  await run(connection, daemon, warming)
  await Bun.sleep(settleMs)
  const warm = memory()
  await run(connection, daemon, count)
  await Bun.sleep(settleMs)
  const after = memory()
  return rowOf({
    what: `${count} sessions that have ended: ${warm.what} memory added`,
    unit: 'MB',
    ours: [(after.mebibytes - warm.mebibytes) * 1.048576],
    better: 'less',
    least: 5,
    notes: [
      `at the start ${fresh.mebibytes.toFixed(0)} MiB, ${warm.mebibytes.toFixed(1)} when ${megabytes} MB of events and ${warming} sessions had warmed it, ${after.mebibytes.toFixed(1)} at the end`,
      ...(warm.anonymous && after.anonymous
        ? [`anonymous: ${warm.anonymous} MiB warm, ${after.anonymous} MiB at the end`]
        : []),
    ],
  })
}

const fill = async (connection: Connection): Promise<void> => {
  const data = { text: 'm'.repeat(messageBytes) }
  for (let left = (megabytes * 1e6) / messageBytes; left > 0; left -= messagesAtOnce)
    await Promise.all(
      Array.from({ length: messagesAtOnce }, () =>
        connection.call('event.publish', { channel: 'busy', type: 'message', data }),
      ),
    )
}

/** Each has one turn and ends by itself. */
const run = async (connection: Connection, { home }: TestDaemon, sessions: number): Promise<void> => {
  let left = sessions
  const one = async (): Promise<void> => {
    const { session } = await connection.call('session.spawn', { directory: home, prompt: 'leave' })
    const { id } = session
    for (;;) {
      const { session: now } = await connection.call('session.get', { id })
      if (now?.status === 'completed') return
      if (now?.endedAt !== undefined) throw new Error(`A session ended otherwise: ${JSON.stringify(now)}`)
      await Bun.sleep(lookMs)
    }
  }
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await one()
    }),
  )
}
