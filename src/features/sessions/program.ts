// The program of Claude Code: where it is, which version it has, in what environment it runs.

import { statSync } from 'node:fs'
import { PaidError } from '../../protocol/error.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** since then sessions are driven over its input and output as we do it */
const leastMajor = 2
const answersWithinMs = 10_000

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

export const createProgram = ({ claude, env }: { claude: string; env: Environment }) => {
  let known: { path: string; changed: number; version: string } | undefined

  const path = (): string => {
    const named = env['PAID_CLAUDE'] || claude
    const found = Bun.which(named || 'claude', { PATH: env['PATH'] ?? '' })
    if (found !== null) return found
    if (named) throw new PaidError('no_claude', `There is no program ${named} to start`)
    throw new PaidError('no_claude', 'There is no `claude` in the PATH of the daemon')
  }

  return {
    /** Where it is and what version it has; throws `no_claude`. It is asked again when it was replaced. */
    find: async (): Promise<{ path: string; version: string }> => {
      const at = path()
      const changed = statSync(at).mtimeMs
      if (known?.path === at && known.changed === changed) return known
      const version = await versionOf(at, env)
      known = { path: at, changed, version }
      return known
    },
  }
}

const versionOf = async (path: string, env: Environment): Promise<string> => {
  const child = Bun.spawn([path, '--version'], {
    env: sessionEnvironment(env, {}),
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
    timeout: answersWithinMs,
    killSignal: 'SIGKILL',
  })
  const said = (await child.stdout.text()).trim()
  const [, version, major] = /^((\d+)\.\d+\.\d+\S*)/.exec(said) ?? []
  if (version === undefined)
    throw new PaidError('no_claude', `${path} does not say a version of Claude Code: ${said.slice(0, 100)}`)
  if (Number(major) < leastMajor)
    throw new PaidError(
      'no_claude',
      `${path} is version ${version} of Claude Code; ${leastMajor}.0.0 or newer is needed`,
      'Update it: claude update',
    )
  return version
}
