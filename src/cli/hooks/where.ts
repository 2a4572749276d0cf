// Where `paid hook` goes: which settings file, the words that run this program as a hook, and whether there are guards.

import { readGuards } from '../../lib/guards-file.ts'
import { here } from '../home.ts'
import { selfCommand } from '../self.ts'
import type { Where } from './install.ts'
import { type Scope, settingsPath } from './settings-file.ts'

export const whereOf = (scope: Scope): Where => {
  const [command = process.execPath, ...args] = selfCommand()
  return {
    settingsPath: settingsPath(scope, process.env, process.cwd()),
    command,
    args: [...args, 'hook'],
    guards: readGuards(here().guards).length > 0,
  }
}
