// The program of Claude Code: where it is, which version it has, in what environment it runs.

import { statSync } from 'node:fs'
import { PaidError } from '../../protocol/error.ts'
import { claudeAt, claudeVersion } from '../../lib/claude-program.ts'

type Environment = Readonly<Record<string, string | undefined>>

const ofASession = (name: string): boolean =>
  name === 'CLAUDECODE' ||
  name === 'CLAUDE_PID' ||
  name === 'AI_AGENT' ||
  name.startsWith('CLAUDE_CODE_') ||
  name.startsWith('CLAUDECODE_')

const ofOurs = (name: string): boolean =>
  (name.startsWith('PAID_') && name !== 'PAID_HOME') || name.startsWith('BUN_')

/** The user's own environment, without what was meant for the daemon, or for a session that started it. */
export const sessionEnvironment = (
  own: Environment,
  mark: Record<string, string>,
): Record<string, string> => {
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(own))
    if (value !== undefined && !ofASession(name) && !ofOurs(name)) environment[name] = value
  return { ...environment, ...mark }
}

export const createProgram = ({ path: named, env }: { path: string; env: Environment }) => {
  let known: { path: string; file: string; version: string } | undefined

  const path = (): string => {
    const wanted = env['PAID_CLAUDE'] || named
    const found = claudeAt(wanted, env)
    if (found !== undefined) return found
    if (wanted) throw new PaidError('no_claude', `There is no program ${wanted} to start`)
    throw new PaidError('no_claude', 'There is no `claude` in the PATH of the daemon')
  }

  return {
    /** Where it is and what version it has; throws `no_claude`. It is asked again when it was replaced. */
    find: async (): Promise<{ path: string; version: string }> => {
      const at = path()
      // not by its time of change alone: packages give that to their files themselves
      const { ino, size, mtimeMs, ctimeMs } = statSync(at)
      const file = [ino, size, mtimeMs, ctimeMs].join()
      if (known?.path === at && known.file === file) return known
      const said = await claudeVersion(at, sessionEnvironment(env, {}))
      if ('fault' in said)
        throw new PaidError('no_claude', said.fault, said.isOld && 'Update it: claude update')
      known = { path: at, file, version: said.version }
      return known
    },
  }
}
