// What guards say of a tool while no daemon answers: what each was given for that time, in the file that the daemon left.

import { homedir } from 'node:os'
import { guardsMet } from '../../lib/guarding.ts'
import { readGuards } from '../../lib/guards-file.ts'
import { refusedTool } from '../../lib/refused-tool.ts'
import { type Fields, isFields, textIn } from '../../lib/fields.ts'

/** The reply that refuses the tool of this hook; undefined when nothing forbids it. */
export const deniedBy = (guardsFile: string, body: Uint8Array): string | undefined => {
  const hook = parsed(body)
  const input = hook?.['tool_input']
  if (!hook || hook['hook_event_name'] !== 'PreToolUse' || !isFields(input)) return undefined
  const guards = readGuards(guardsFile).filter(({ whenDown }) => whenDown === 'deny')
  const use = {
    tool: textIn(hook, 'tool_name') ?? '',
    input,
    directory: textIn(hook, 'cwd') ?? process.cwd(),
    home: homedir(),
  }
  const [met] = guardsMet(guards, use)
  if (!met) return undefined
  const { pattern, lock } = met.guard
  return JSON.stringify(
    refusedTool(
      `${met.path} is guarded (${pattern}) by the lock ${JSON.stringify(lock)}, and the daemon of paid, which knows who ` +
        'holds it, does not answer. Leave it alone, and tell the user: `paid start` starts it, `paid doctor` says what is wrong.',
    ),
  )
}

const parsed = (body: Uint8Array): Fields | undefined => {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}
