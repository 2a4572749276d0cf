// Where `paid hook` goes: which settings file, and the words that run this program as a hook.

import { selfCommand } from '../self.ts'
import type { Where } from './install.ts'
import { type Scope, settingsPath } from './settings-file.ts'

export const whereOf = (scope: Scope): Where => {
  const [command = process.execPath, ...args] = selfCommand()
  return { settingsPath: settingsPath(scope, process.env, process.cwd()), command, args: [...args, 'hook'] }
}
