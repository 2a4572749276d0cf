// `paid start`: a daemon that answers, whether it was there before or not.

import { loadConfig } from '../../config.ts'
import type { Config } from '../../config.ts'
import { checkPrivateFolder } from '../../lib/private-folder.ts'
import { type Flags, flagWords } from '../../lib/start-flags.ts'
import type { Paths } from '../../paths.ts'
import { PaidError } from '../../protocol/error.ts'
import { here } from '../home.ts'
import { alreadyRunsExit, detachedMarker, launchDaemon, runningDaemon } from '../life/launch.ts'
import { introduction } from '../life/introduce.ts'
import { say } from '../output.ts'
import { warn } from '../talk.ts'

/** @param given what was said on the command line: the rest is for the environment and the file */
const start = async (foreground: boolean, given: Flags): Promise<number | void> => {
  const paths = here()
  checkPrivateFolder(paths.home)
  const config = loadConfig({ paths, env: process.env, flags: given })
  if (foreground) return await stay(paths, config)
  const running = await runningDaemon(paths)
  if (running && Object.keys(given).length > 0)
    await warn('a daemon runs already, your flags change nothing; `paid restart` takes them')
  const status = running ?? (await launchDaemon(paths, flagWords(given)))
  for (const line of introduction(status, paths, !running)) say(line)
}

export default start

const stay = async (paths: Paths, config: Config): Promise<number | void> => {
  const { runDaemon } = await import('../../daemon.ts')
  try {
    await runDaemon({ paths, config, env: process.env })
  } catch (error) {
    const lost = error instanceof PaidError && error.code === 'already_running'
    if (lost && process.env[detachedMarker]) return alreadyRunsExit
    throw error
  }
}
