// A span that was typed behind a flag.

import { formatDuration, parseDuration } from '../lib/duration.ts'
import { WrongUsage } from './wrong-usage.ts'

/** Milliseconds. Throws `WrongUsage`, naming the flag, for what is none, and for more than `most`. */
export const spanOf = (text: string, flag: string, most = Infinity): number => {
  const ms = parseDuration(text)
  if (ms === undefined) throw new WrongUsage(`${flag} must be a span such as 10s or 5m, not ${text}`)
  if (ms > most) throw new WrongUsage(`${flag} is at most ${formatDuration(most)}, not ${text}`)
  return ms
}
