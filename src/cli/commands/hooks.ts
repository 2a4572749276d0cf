// `paid hooks install|uninstall|status`: Claude Code's settings files, seen from the terminal. `status` tells of git's
// hooks too.

import { formatDuration } from '../../lib/duration.ts'
import { PaidError } from '../../protocol/error.ts'
import { gitStatus } from '../git-hooks/status.ts'
import { here, withDaemon } from '../home.ts'
import { type LastHook, lastHook } from '../hooks/heard.ts'
import {
  type Change,
  type HooksStatus,
  hooksStatus,
  installHooks,
  previewInstall,
  previewUninstall,
  uninstallHooks,
} from '../hooks/install.ts'
import type { Scope } from '../hooks/settings-file.ts'
import { whereOf } from '../hooks/where.ts'
import { say, sayJson } from '../output.ts'
import { quoted, selfName } from '../self.ts'
import { talk } from '../talk.ts'
import { visible } from '../visible.ts'
import { gitLines } from './git-hooks.ts'

type Flags = { project: boolean; rewake?: boolean; print: boolean; json: boolean }

export const install = async (flags: Flags): Promise<void> => {
  const where = { ...whereOf(flags.project ? 'project' : 'user'), rewake: flags.rewake === true }
  if (flags.print) return await print(previewInstall(where))
  const change = installHooks(where)
  if (flags.json) return sayJson({ settingsPath: change.settingsPath, changed: change.changed })
  const command = [where.command, ...where.args].map(quoted).join(' ')
  say(
    `${change.changed ? 'Installed' : 'Already installed'} in ${visible(where.settingsPath)}: runs ${command}`,
  )
  await talk('info', `Open sessions hear of it within seconds. \`${selfName()} tail\` shows what arrives.`)
}

export const uninstall = async (flags: Flags): Promise<void> => {
  const where = whereOf(flags.project ? 'project' : 'user')
  if (flags.print) return await print(previewUninstall(where))
  const { changed, after } = uninstallHooks(where)
  if (flags.json) return sayJson({ settingsPath: where.settingsPath, changed })
  const path = visible(where.settingsPath)
  if (!changed) say(`Nothing of ours was in ${path}`)
  else
    say(
      after === undefined ? `Uninstalled: ${path} held nothing else and is gone` : `Uninstalled from ${path}`,
    )
}

const print = async ({ settingsPath, after }: Change): Promise<void> => {
  if (after === undefined) await talk('info', `There would be no ${visible(settingsPath)}`)
  else say(after.replace(/\n$/, ''))
}

/** What the daemon heard last, or that there is none to ask. */
type Heard = { running: boolean; last?: LastHook }

export const status = async (flags: { project: boolean; json: boolean }): Promise<void> => {
  const scopes: Scope[] = flags.project ? ['project'] : ['user', 'project']
  const settings = scopes
    .map((scope) => ({ scope, ...hooksStatus(whereOf(scope)) }))
    // In the user's own folder both are one file.
    .filter(
      ({ exists, settingsPath }, at, all) => at === 0 || (exists && settingsPath !== all[0]?.settingsPath),
    )
  const [daemon, git] = await Promise.all([askDaemon(), gitStatus(here().gitHooks)])
  if (flags.json) return sayJson({ settings, git, daemon })
  for (const one of settings) for (const line of settingsLines(one)) say(line)
  for (const one of git) for (const line of gitLines(one)) say(line)
  say(daemonLine(daemon))
}

const askDaemon = async (): Promise<Heard> => {
  try {
    const last = await withDaemon(lastHook)
    return { running: true, ...(last && { last }) }
  } catch (error) {
    if (error instanceof PaidError) return { running: false }
    throw error
  }
}

export const settingsLines = (found: HooksStatus & { scope: Scope }): string[] => {
  const line = (text: string, name = '') => `${name.padEnd(8)} ${visible(text)}`
  const { installed, missing, outdated } = found
  const add = `\`${selfName()} hooks install${found.scope === 'project' ? ' --project' : ''}\``
  const state =
    found.problem !== undefined
      ? [found.problem]
      : installed.length === 0
        ? [`not installed: ${add}`]
        : missing.length === 0
          ? [`installed for all ${installed.length} events`]
          : [`installed for ${installed.length} events, not for ${missing.join(', ')}: ${add}`]
  const commands = found.commands.map(
    ({ command, exists }) => `runs ${command}${exists ? '' : `, WHICH IS NOT THERE: ${add} puts it right`}`,
  )
  const old =
    outdated.length > 0 ? [`in an earlier form for ${outdated.join(', ')}: ${add} puts it right`] : []
  const guards = found.unguarded ? [`GUARDS ARE NOT ASKED before a file is touched: ${add}`] : []
  const wakes = found.rewake ? ['wakes idle sessions with what is said to them'] : []
  const off = found.disabled ? ['switched off by disableAllHooks in this file'] : []
  return [
    line(found.settingsPath, found.scope),
    ...[...state, ...guards, ...old, ...wakes, ...commands, ...off].map((text) => line(text)),
  ]
}

export const daemonLine = ({ running, last }: Heard, now = Date.now()): string => {
  if (!running) return `last     the daemon is not running: \`${selfName()} start\``
  if (!last) return 'last     no hook event has come yet'
  const ago = formatDuration(Math.max(1000, now - last.at))
  return visible(`last     ${last.type}, ${ago} ago, ${last.channel} (${last.id})`)
}
