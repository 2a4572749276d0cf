// Which Claude Code sessions would be started with, as this shell would find it; a daemon finds it in the environment
// that it was started with.

import { errors, PaidError } from '../../protocol/error.ts'
import { childEnvironment } from '../../lib/child-environment.ts'
import { claudeAt, claudeVersion } from '../../lib/claude-program.ts'
import type { Facts } from './facts.ts'
import { failed, type Finding, ok, warning } from './finding.ts'

const name = 'claude'

export const checkClaude = async ({ env, config }: Pick<Facts, 'env' | 'config'>): Promise<Finding[]> => {
  const named = env['PAID_CLAUDE'] || (config instanceof PaidError ? '' : config.claude.path)
  const advice = errors.no_claude.hint
  const path = claudeAt(named, env)
  if (path === undefined)
    return [
      named
        ? failed(name, `there is no program ${named}: no session can be started`, advice)
        : warning(name, 'there is none in the PATH: no session can be started', advice),
    ]
  const said = await claudeVersion(path, childEnvironment(env))
  if ('version' in said) return [ok(name, `Claude Code ${said.version}, ${path}`)]
  return [failed(name, said.fault, said.isOld ? 'claude update' : advice)]
}
