// `paid start`: a daemon that answers, whether it was there before or not.

import { resolve } from 'node:path'
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

export type ListeningFlags = {
  listen: string[]
  auth: string | undefined
  photon: string[]
  photonGlobal: boolean
  socket: string[]
  webhooks: string[]
}

type StartFlags = ListeningFlags & { foreground: boolean }

const start = async (flags: StartFlags): Promise<number | void> => {
  const paths = here()
  checkPrivateFolder(paths.home)
  const given = givenFlags(flags)
  const config = loadConfig({ paths, env: process.env, flags: given })
  if (flags.foreground) return await stay(paths, config)
  const running = await runningDaemon(paths)
  if (running && Object.keys(given).length > 0)
    await warn('a daemon runs already, your flags change nothing; `paid restart` takes them')
  const status = running ?? (await launchDaemon(paths, flagWords(given)))
  for (const line of introduction(status, paths, !running)) say(line)
}

export default start

/** Only what was said: the rest is for the environment and the file. */
export const givenFlags = ({
  listen,
  auth,
  photon,
  photonGlobal,
  socket,
  webhooks,
}: ListeningFlags): Flags => ({
  ...(listen.length > 0 ? { listen } : {}),
  ...(auth === undefined ? {} : { auth }),
  ...(photon.length > 0 ? { photon } : {}),
  ...(photonGlobal ? { photonGlobal } : {}),
  // the daemon itself runs in another folder
  ...(socket.length > 0 ? { socket: socket.map((path) => resolve(path)) } : {}),
  ...(webhooks.length > 0 ? { webhooks } : {}),
})

export const flagWords = ({
  listen = [],
  auth,
  photon = [],
  photonGlobal,
  socket = [],
  webhooks = [],
}: Flags): string[] => [
  ...listen.flatMap((address) => ['--listen', address]),
  ...(auth === undefined ? [] : ['--auth', auth]),
  ...photon.flatMap((name) => ['--photon', name]),
  ...(photonGlobal ? ['--photon-global'] : []),
  ...socket.flatMap((path) => ['--socket', path]),
  ...webhooks.flatMap((address) => ['--webhooks', address]),
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
