// Talk on stderr: notes, warnings, errors. On a terminal it is consola's; where nobody looks (a pipe, CI, NO_COLOR) each
// is a plain line, and consola is not even loaded: that costs more than most commands. `status`, `events` and `tail`,
// whose start counts, use `tell` of output.ts and come here only to fail.

import type { ConsolaInstance } from 'consola'
import { PaidError } from '../protocol/error.ts'
import { hasColours, tell } from './output.ts'
import { visibleLines } from './visible.ts'

export type Tone = 'success' | 'info' | 'warn' | 'error'

/** `text` on a terminal, with a mark of its tone; `plain` elsewhere. */
export const talk = async (tone: Tone, text: string, plain = text): Promise<void> => {
  if (!isLookedAt()) return tell(plain)
  const consola = await toStderr()
  consola[tone]({ message: text, badge: false })
}

export const warn = (text: string): Promise<void> => talk('warn', text, `paid: ${text}`)

/** What ended the command, and what to type next. A message may carry a name that somebody else made up. */
export const complain = async (error: Error): Promise<void> => {
  const message = visibleLines(error.message)
  const hint = error instanceof PaidError && error.hint !== '' ? `\n  ${visibleLines(error.hint)}` : ''
  await talk('error', message + hint, `paid: ${message}${hint}`)
}

const isLookedAt = (): boolean => hasColours(2) && !process.env['CI']

let made: ConsolaInstance | undefined

/** Everything to stderr, also what consola has for stdout, and at a level that no variable of the environment lowers. */
const toStderr = async (): Promise<ConsolaInstance> => {
  if (made) return made
  const { createConsola, LogLevels } = await import('consola')
  const { stderr } = process
  made = createConsola({
    level: LogLevels.info,
    stdout: stderr,
    stderr,
    throttle: 0,
    formatOptions: { date: false },
  })
  return made
}
