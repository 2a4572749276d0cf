// `paid hooks install|uninstall --git [--global]`: git's hooks, seen from the terminal; and how they stand, for
// `paid hooks status`.

import { here } from '../home.ts'
import {
  installEverywhere,
  previewEverywhere,
  statusEverywhere,
  uninstallEverywhere,
} from '../git-hooks/everywhere.ts'
import { hookIn, installHook, previewHook, uninstallHook } from '../git-hooks/install.ts'
import { needHooks } from '../git-hooks/place.ts'
import type { GitStatus } from '../git-hooks/status.ts'
import { say, sayJson } from '../output.ts'
import { quoted, selfCommand, selfName } from '../self.ts'
import { talk, warn } from '../talk.ts'
import { visible } from '../visible.ts'

type Flags = { global: boolean; print: boolean; json: boolean }

export const install = async ({ global, print, json }: Flags): Promise<void> => {
  const command = selfCommand()
  const own = here().gitHooks
  const place = global ? undefined : await needHooks(process.cwd())
  const what = { folder: place?.folder ?? own, command, scope: 'repository' } as const
  if (print) {
    const { text } = place ? previewHook(what) : await previewEverywhere(own, command)
    return say(text.replace(/\n$/, ''))
  }
  const { path, changed, kept } = place ? installHook(what) : await installEverywhere(own, command)
  if (json) return sayJson({ path, changed, ...(kept !== undefined && { kept }) })
  const runs = [...command, 'hook', 'git'].map(quoted).join(' ')
  say(`${changed ? 'Installed' : 'Already installed'} as ${visible(path)}: runs ${runs}`)
  if (kept !== undefined) say(`The hook that was there runs first, from ${visible(kept)}`)
  if (!place) await talk('info', 'git runs hooks from there now; those of each repository are run by them.')
  if (place?.husky)
    await warn('husky writes this folder anew when it is set up (npm install): run this again after it')
  if (place?.shared)
    await warn('git keeps this folder with the repository: leave the change out of your commits')
  await talk('info', `\`${selfName()} prompts for HEAD\` shows the conversation behind the next commit.`)
}

export const uninstall = async ({ global, print, json }: Flags): Promise<void> => {
  const folder = global ? here().gitHooks : (await needHooks(process.cwd())).folder
  if (print) {
    const found = global ? await statusEverywhere(folder) : hookIn(folder)
    const { path = folder, installed = false, kept } = found ?? {}
    const then = kept === undefined ? `There would be no ${path}` : `${path} would be what ${kept} is now`
    return await talk('info', visible(installed ? then : `Nothing of ours is in ${folder}`))
  }
  const changed = global ? await uninstallEverywhere(folder) : uninstallHook(folder)
  if (json) return sayJson({ folder, changed })
  say(changed ? `Uninstalled from ${visible(folder)}` : `Nothing of ours was in ${visible(folder)}`)
}

export const gitLines = ({ scope, path, installed, program, exists, kept }: GitStatus): string[] => {
  const line = (text: string, name = '') => `${name.padEnd(8)} ${visible(text)}`
  const add = `\`${selfName()} hooks install --git${scope === 'global' ? ' --global' : ''}\``
  const runs =
    exists === false ? `runs ${program}, WHICH IS NOT THERE: ${add} puts it right` : `runs ${program}`
  return [
    line(path, scope === 'global' ? 'git, all' : 'git'),
    ...(installed
      ? [line(`installed: ${kept === undefined ? runs : `first ${kept}, then ${runs}`}`)]
      : [line(`not installed: ${add} links commits to conversations`)]),
  ]
}
