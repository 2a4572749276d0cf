// THE DOCTOR: every check there is, in the order they are told.
// It promises: it only looks, and a running daemon is not disturbed: nothing is written, taken or removed, the lock's
// file is never opened beside SQLite, and the database of a running daemon is judged by that daemon. A check that
// breaks is a finding and keeps no other from being made.
// It refuses to look into a home that others can write to: nothing there can be believed.

import { checkArchive } from './archive.ts'
import { checkClaude } from './claude.ts'
import { checkConfig } from './config.ts'
import { checkDaemon, checkVersion } from './daemon.ts'
import { checkDatabase } from './database.ts'
import { checkDisk } from './disk.ts'
import type { Facts } from './facts.ts'
import { failed, type Finding } from './finding.ts'
import { checkGitHooks } from './git-hooks.ts'
import { checkFiles, checkHome } from './home.ts'
import { checkHooks } from './hooks.ts'
import { checkLeftovers } from './leftovers.ts'
import { checkPorts } from './ports.ts'
import { checkProxies } from './proxies.ts'
import { checkSockets } from './sockets.ts'
import { checkSpool } from './spool.ts'

type Check = (facts: Facts) => Finding[] | Promise<Finding[]>

const ofTheHome: Record<string, Check> = {
  files: checkFiles,
  config: checkConfig,
  daemon: checkDaemon,
  version: checkVersion,
  sockets: checkSockets,
  ports: checkPorts,
  leftovers: checkLeftovers,
  database: checkDatabase,
  archive: checkArchive,
  spool: checkSpool,
}
const ofTheMachine: Record<string, Check> = {
  disk: checkDisk,
  hooks: checkHooks,
  git: checkGitHooks,
  claude: checkClaude,
  proxies: checkProxies,
}

export const examine = async (facts: Facts): Promise<Finding[]> => {
  const inside = facts.homeTrouble === undefined ? ofTheHome : {}
  const checks: Record<string, Check> = { home: checkHome, ...inside, ...ofTheMachine }
  const found = Object.entries(checks).map(async ([name, check]) => {
    try {
      return await check(facts)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return [failed(name, `could not be looked at: ${reason}`, 'Look at it by hand.')]
    }
  })
  return (await Promise.all(found)).flat()
}
