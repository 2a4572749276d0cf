// `paid restart`: another process, same home, same flags unless new ones are given; the configuration is read anew.

import { readDaemonFile } from '../../client/daemon-file.ts'
import { loadConfig } from '../../config.ts'
import { isLocked } from '../../lib/file-lock.ts'
import { type Flags, flagWords } from '../../lib/start-flags.ts'
import type { Paths } from '../../paths.ts'
import { here } from '../home.ts'
import { endDaemon } from '../life/end.ts'
import { introduction } from '../life/introduce.ts'
import { launchDaemon } from '../life/launch.ts'
import { say } from '../output.ts'

const restart = async (given: Flags): Promise<void> => {
  const paths = here()
  const kept = { ...flagsInUse(paths), ...given }
  // What cannot start again is better not stopped.
  loadConfig({ paths, env: process.env, flags: kept })
  await endDaemon(paths)
  const status = await launchDaemon(paths, flagWords(kept))
  for (const line of introduction(status, paths, true)) say(line)
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
