// What `tail` and `events` narrow by, as the daemon takes it.

import type { EventFilter } from '../protocol/events.ts'
import { parseDuration } from '../lib/duration.ts'
import { WrongUsage } from './wrong-usage.ts'

export type FilterFlags = {
  since: string | undefined
  type: string | undefined
  session: string | undefined
  channel: string[]
  all: boolean
  json: boolean
}

/** What it is that a flag says, the daemon checks. */
export const filterOf = ({ since, type, session, channel, all }: FilterFlags, now = Date.now()) => {
  const filter: EventFilter & { since?: string | number } = {}
  if (type !== undefined) filter.type = type
  if (session !== undefined) filter.session = session
  if (channel.length > 0) filter.channel = channel
  if (all) filter.all = true
  if (since !== undefined) filter.since = sinceOf(since, now)
  return filter
}

/** `--since 10m` is a time that long ago. What looks like a time, the daemon checks. */
export const sinceOf = (since: string, now = Date.now()): string | number => {
  const ago = parseDuration(since)
  if (ago !== undefined) return new Date(now - ago).toISOString()
  if (/^\d+$/.test(since)) return Number(since)
  if (/^(evt_\d|\d{4}-)/.test(since)) return since
  throw new WrongUsage(
    `--since must be an event (evt_12), a time (ISO 8601) or a span ago such as 10m, not ${since}`,
  )
}
