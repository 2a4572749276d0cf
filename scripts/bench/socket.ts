// Everything that is asked on paid.sock: durable publishing, photon's pings and messages, locks; and what a client that
// behaves badly costs the others. The peers are bare servers of the same lines, and Redis.

import { openRedis } from './redis.ts'
import { manyChannels } from './socket/channels.ts'
import { photonFanOut } from './socket/fan-out.ts'
import { durableLocks } from './socket/locks.ts'
import { longLine } from './socket/long-line.ts'
import { nextInLine } from './socket/next-in-line.ts'
import { pings } from './socket/pings.ts'
import { publishes } from './socket/publishes.ts'
import { stoppedReader } from './socket/stopped-reader.ts'
import type { Times } from './socket/exchanges.ts'
import type { Suite } from './stage.ts'

export const socket: Suite = async (stage) => {
  const times: Times = stage.quick
    ? { rounds: 3, warmMs: 200, runMs: 500 }
    : { rounds: 5, warmMs: 400, runMs: 1200 }
  await using daemon = await stage.daemon()
  await using bare = await stage.serve('photon', `${stage.folder}/photon.sock`)
  await using redis = await openRedis(stage)
  return [
    ...(await publishes(stage, daemon, times)),
    ...(await pings(stage, daemon, bare, times)),
    ...(await photonFanOut(stage, { daemon, bare, redis }, times)),
    ...(await durableLocks(stage, { daemon, redis }, times)),
    ...(await nextInLine(stage, daemon, times)),
    ...(await manyChannels(stage, daemon, times)),
    ...(await stoppedReader(stage)),
    ...(await longLine(stage, daemon, times)),
  ]
}
