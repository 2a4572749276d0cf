// Sessions: how soon and how cheaply what Claude says is with those who watch, how long a beginning and an end take, and
// what a session leaves in the daemon's memory. The Claude Code is one of ours, so that its own time is none of it.

import { finished } from './sessions/finished.ts'
import { spawnToSpawned, stopToGone } from './sessions/life.ts'
import { manyStreams, lineToFrame } from './sessions/stream.ts'
import type { Suite } from './stage.ts'

/** as many as a row needs, and more */
const most = 64

export const sessions: Suite = async (stage) => {
  const claude = await stage.floor('claude')
  await using daemon = await stage.daemon({
    args: ['--listen', '127.0.0.1:0,auth=none'],
    env: { PAID_CLAUDE: claude },
    config: { sessions: { max: most } },
  })
  return [
    await lineToFrame(stage, daemon, claude),
    await manyStreams(stage, daemon),
    await spawnToSpawned(stage, daemon),
    ...(await stopToGone(stage, daemon)),
    await finished(stage, claude),
  ]
}
