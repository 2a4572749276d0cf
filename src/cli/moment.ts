// A moment that was typed behind a flag: a time, or a span ago.

import { parseDuration } from '../lib/duration.ts'
import { WrongUsage } from './wrong-usage.ts'

/** Epoch milliseconds. Throws `WrongUsage`, naming the flag, for what is none. */
export const momentOf = (text: string, flag: string): number => {
  const ago = parseDuration(text)
  const at = ago === undefined ? Date.parse(text) : Date.now() - ago
  if (Number.isNaN(at))
    throw new WrongUsage(`${flag} must be a time (ISO 8601) or a span such as 7d, not ${text}`)
  return Math.max(0, at)
}
