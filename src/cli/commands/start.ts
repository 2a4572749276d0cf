// `paid start`: a daemon that answers, whether it was there before or not.

import { loadConfig } from '../../config.ts'
import type { Config, Flags } from '../../config.ts'
import { checkPrivateFolder } from '../../lib/private-folder.ts'
import type { Paths } from '../../paths.ts'
import { PaidError } from '../../protocol/error.ts'
import { here } from '../home.ts'
import { alreadyRunsExit, detachedMarker, launchDaemon, runningDaemon } from '../life/launch.ts'
import { introduction } from '../life/introduce.ts'
import { say } from '../output.ts'
import { warn } from '../talk.ts'

type StartFlags = { foreground: boolean; listen: string[]; auth: string | undefined }

const start = async (flags: StartFlags): Promise<number | void> => {
  const paths = here()
  checkPrivateFolder(paths.home)
  const given = givenFlags(flags)
  const config = loadConfig({ paths, env: process.env, flags: given })
  if (flags.foreground) return await stay(paths, config)
  const running = await runningDaemon(paths)
  if (running && (given.listen || given.auth))
    await warn('a daemon runs already, your flags change nothing; `paid restart` takes them')
  const status = running ?? (await launchDaemon(paths, flagWords(given)))
  for (const line of introduction(status, paths, !running)) say(line)
}

export default start

/** Only what was said: the rest is for the environment and the file. */
export const givenFlags = ({ listen, auth }: { listen: string[]; auth: string | undefined }): Flags => ({
  ...(listen.length > 0 ? { listen } : {}),
  ...(auth === undefined ? {} : { auth }),
})

export const flagWords = ({ listen = [], auth }: Flags): string[] => [
  ...listen.flatMap((address) => ['--listen', address]),
  ...(auth === undefined ? [] : ['--auth', auth]),
]

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
