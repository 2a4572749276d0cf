// `paid restart`: another process, same home, same flags unless new ones are given; the configuration is read anew, and
// sessions that ran go on.

import { readDaemonFile } from '../../client/daemon-file.ts'
import { loadConfig } from '../../config.ts'
import { isLocked } from '../../lib/file-lock.ts'
import { type Flags, flagWords } from '../../lib/start-flags.ts'
import type { Paths } from '../../paths.ts'
import { here } from '../home.ts'
import { endDaemon } from '../life/end.ts'
import { introduction } from '../life/introduce.ts'
import { launchDaemon } from '../life/launch.ts'
import { idleSessions, resumeSessions } from '../life/sessions.ts'
import { say } from '../output.ts'
import { spanOf } from '../span.ts'
import { warn } from '../talk.ts'

const restart = async (given: Flags, wait?: string): Promise<void> => {
  const waitMs = wait === undefined ? 0 : spanOf(wait, '--wait')
  const paths = here()
  const kept = { ...flagsInUse(paths), ...given }
  // What cannot start again is better not stopped.
  loadConfig({ paths, env: process.env, flags: kept })
  const sessions = isLocked(paths.lock) ? await idleSessions(waitMs) : []
  const ended = await endDaemon(paths)
  const status = await launchDaemon(paths, flagWords(kept)).catch(async (error: unknown) => {
    if (ended) await warn('the daemon that ran has ended, and none runs now')
    throw error
  })
  for (const line of introduction(status, paths, true)) say(line)
  await resumeSessions(sessions)
}

export default restart

/** The flags it was started with; where they said port 0, the port it got, so that its clients find it again. */
const flagsInUse = (paths: Paths): Flags => {
  const found = isLocked(paths.lock) ? readDaemonFile(paths.daemon) : undefined
  if (!found?.flags) return {}
  const { flags, listen, webhooks } = found
  return {
    ...flags,
    ...(flags.listen?.length ? { listen } : {}),
    ...(flags.webhooks?.length ? { webhooks } : {}),
  }
}
