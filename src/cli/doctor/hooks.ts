// Whether Claude Code runs `paid hook`, and whether what it sends arrives.

import { formatDuration } from '../../lib/duration.ts'
import { hooksStatus, type HooksStatus } from '../hooks/install.ts'
import type { Scope } from '../hooks/settings-file.ts'
import { whereOf } from '../hooks/where.ts'
import { selfName } from '../self.ts'
import type { Facts } from './facts.ts'
import { failed, type Finding, ok, warning } from './finding.ts'

const name = 'hooks'

export const checkHooks = ({ status, lastHook: last }: Facts): Finding[] => {
  const scopes = (['user', 'project'] as const).map((scope) => ({ scope, ...hooksStatus(whereOf(scope)) }))
  const used = scopes.filter(
    ({ installed, problem, settingsPath }, at) =>
      (installed.length > 0 || problem !== undefined) &&
      (at === 0 || settingsPath !== scopes[0]?.settingsPath),
  )
  const installs = used.flatMap(checkSettings)
  const installed = used.some((each) => each.installed.length > 0)
  if (!installed)
    return [
      ...installs,
      warning(name, 'not installed: Claude Code tells nobody what it does', `${selfName()} hooks install`),
    ]
  if (!status) return installs
  if (!last)
    return [
      ...installs,
      warning(
        name,
        'no hook event has come yet',
        'Say something in a Claude Code session, and watch: paid tail',
      ),
    ]
  const ago = formatDuration(Math.max(1000, Date.now() - last.at))
  return [...installs, ok(name, `the last event, ${last.type}, came ${ago} ago`)]
}

const checkSettings = (found: HooksStatus & { scope: Scope }): Finding[] => {
  const { settingsPath: file, installed, missing, outdated } = found
  const again = `${selfName()} hooks install${found.scope === 'project' ? ' --project' : ''}`
  if (found.problem !== undefined) return [failed(name, found.problem, `Put ${file} right, then: ${again}`)]
  const gone = found.commands.filter(({ exists }) => !exists)
  return [
    ...gone.map(({ command }) => failed(name, `${file} runs ${command}, which is not there`, again)),
    ...(found.disabled
      ? [warning(name, `${file} switches all hooks off`, 'Take disableAllHooks out of it.')]
      : []),
    ...(found.unguarded
      ? [failed(name, `${file} asks no guard: files are touched without their locks`, again)]
      : []),
    ...(outdated.length > 0
      ? [warning(name, `${file} has those for ${outdated.join(', ')} in an earlier form`, again)]
      : []),
    missing.length > 0
      ? warning(name, `${file} has them for ${installed.length} events, not for ${missing.join(', ')}`, again)
      : ok(name, `installed for all ${installed.length} events in ${file}`),
  ]
}
