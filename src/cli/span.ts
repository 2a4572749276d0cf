// A span that was typed behind a flag.

import { parseDuration } from '../lib/duration.ts'
import { WrongUsage } from './wrong-usage.ts'

/** Milliseconds. Throws `WrongUsage`, naming the flag, for what is none. */
export const spanOf = (text: string, flag: string): number => {
  const ms = parseDuration(text)
  if (ms === undefined) throw new WrongUsage(`${flag} must be a span such as 10s or 5m, not ${text}`)
  return ms
}
