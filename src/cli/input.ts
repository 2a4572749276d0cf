// JSON or text typed as an argument, or read from stdin where the argument is `-`.

import type { z } from 'zod'
import { WrongUsage } from './wrong-usage.ts'

type Json = z.core.util.JSONType

/** Text typed as an argument, or read from stdin for `-`. Throws `WrongUsage` when there is none. */
export const readText = async (given: string): Promise<string> => {
  const text = given === '-' ? await Bun.stdin.text() : given
  if (text === '')
    throw new WrongUsage('There is nothing to say: the text is empty', 'Quote it, or give - and pipe it in.')
  return text
}

/** Throws `WrongUsage`, naming `what`, for text that is not one JSON document. */
export const readJson = async (given: string, what: string): Promise<Json> => {
  const text = given === '-' ? await Bun.stdin.text() : given
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it does not parse'
    throw new WrongUsage(
      `${what} is not JSON: ${reason}`,
      `Quote it for the shell: '{"ok": true}', or give - and pipe it in.`,
    )
  }
}
