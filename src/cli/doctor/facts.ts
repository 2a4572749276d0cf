// What all checks share, asked once: whose home it is, whether a daemon holds it, and what that daemon says of itself.

import { type Config, loadConfig } from '../../config.ts'
import { isLocked } from '../../lib/file-lock.ts'
import { checkPrivateFolder } from '../../lib/private-folder.ts'
import type { Paths } from '../../paths.ts'
import { PaidError } from '../../protocol/error.ts'
import type { Status } from '../../protocol/system.ts'
import { reach } from '../home.ts'
import { type LastHook, lastHook } from '../hooks/heard.ts'

export type Facts = {
  paths: Paths
  env: Record<string, string | undefined>
  /** why the home is nobody's to rely on; nothing inside it is looked at then, and nobody there is spoken to */
  homeTrouble: string | undefined
  /** a process holds the home */
  held: boolean
  /** undefined when none runs, or the one that runs did not answer */
  status: Status | undefined
  lastHook: LastHook | undefined
  /** what a daemon would be started with, or why it could not */
  config: Config | PaidError
}

const answerWithinMs = 3000

export const gatherFacts = async (paths: Paths, env: Facts['env']): Promise<Facts> => {
  const homeTrouble = troubleOf(paths.home)
  const held = homeTrouble === undefined && isLocked(paths.lock)
  const said = held ? await ask(paths) : undefined
  return {
    paths,
    env,
    homeTrouble,
    held,
    status: undefined,
    lastHook: undefined,
    config: configOf(paths, env),
    ...said,
  }
}

const troubleOf = (home: string): string | undefined => {
  try {
    checkPrivateFolder(home)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const ask = async (paths: Paths): Promise<Pick<Facts, 'status' | 'lastHook'> | undefined> => {
  try {
    await using daemon = await reach(paths)
    const status = await daemon.call('system.status', {}, { timeoutMs: answerWithinMs })
    return { status, lastHook: await lastHook(daemon) }
  } catch (error) {
    if (error instanceof PaidError) return undefined
    throw error
  }
}

const configOf = (paths: Paths, env: Facts['env']): Config | PaidError => {
  try {
    return loadConfig({ paths, env })
  } catch (error) {
    if (error instanceof PaidError) return error
    throw error
  }
}
