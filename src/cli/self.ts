// This program: what starts it, and what somebody types to run it.

import { realpathSync } from 'node:fs'
import { relative } from 'node:path'

/** The words that run it again: the binary, or `bun main.ts` when it runs from source. */
export const selfCommand = (): string[] =>
  Bun.isStandaloneExecutable ? [process.execPath] : [process.execPath, Bun.main]

/** What works when pasted into this shell: `paid` if that finds us, else a path. */
export const selfName = (): string => {
  if (!Bun.isStandaloneExecutable) return selfCommand().map(quoted).join(' ')
  const found = Bun.which('paid')
  if (found && realpathSync(found) === realpathSync(process.execPath)) return 'paid'
  const near = relative(process.cwd(), process.execPath)
  return quoted(near.startsWith('..') ? process.execPath : `./${near}`)
}

/** A word as a shell reads it back. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./~-]+$/.test(word) && !word.startsWith('~') ? word : `'${word.replaceAll("'", `'\\''`)}'`
