// Who made whom act. An event that was posted because of a rule says so in `origin.cause`, `rule:<name>/evt_<seq>`; the
// event named there may have been posted because of another rule, and so on back to one that nobody's rule had asked for.

import type { Database } from 'bun:sqlite'
import { rulePrefix } from '../../protocol/rules.ts'
import type { LogEvent } from '../../core/log-event.ts'
import { eventAt } from '../../core/query.ts'

/** rules that act upon each other's events, one behind the other; a longer chain is taken for a ring */
const longestChain = 8

export const causeOf = (rule: string, event: LogEvent): string => `${rulePrefix}${rule}/${event.id}`

/** Whether an event is there because some rule acted. */
export const isCaused = (event: LogEvent): boolean =>
  event.by.startsWith(rulePrefix) || linkOf(event) !== undefined || leaseOf(event) !== undefined

/** Whether an event is there because this rule acted, itself or through other rules. */
export const isCausedBy = (reader: Database, rule: string, event: LogEvent): boolean => {
  let current: LogEvent | undefined = event
  for (let links = 0; links < longestChain; links++) {
    if (current.by === `${rulePrefix}${rule}`) return true
    const lease = leaseOf(current)
    const begun: LogEvent | undefined = lease === undefined ? current : eventAt(reader, lease)
    const link = begun?.namespace === event.namespace ? linkOf(begun) : undefined
    if (!link) return false
    if (link.rule === rule) return true
    const before = eventAt(reader, link.seq)
    if (before?.namespace !== event.namespace) return false
    current = before
  }
  return true
}

const shape = new RegExp(`^${rulePrefix}(.+)/evt_([1-9]\\d{0,15})$`)

const linkOf = (event: LogEvent): { rule: string; seq: number } | undefined => {
  const [, rule, seq] = shape.exec(causeIn(event) ?? '') ?? []
  return rule === undefined || seq === undefined ? undefined : { rule, seq: Number(seq) }
}

/** The event that began a lease which ended by itself: who took the lock is whose doing that is. */
const leaseOf = ({ reserved, by, data }: LogEvent): number | undefined => {
  if (!reserved || by !== 'daemon:locks' || typeof data !== 'object' || data === null) return undefined
  return 'token' in data && typeof data.token === 'number' ? data.token : undefined
}

/** Most of our own rooms say it in the data of what they write. */
const causeIn = (event: LogEvent): string | undefined =>
  saidIn(event.origin) ?? (event.reserved ? saidIn(event.data) : undefined)

const saidIn = (said: unknown): string | undefined => {
  if (typeof said !== 'object' || said === null || !('cause' in said)) return undefined
  return typeof said.cause === 'string' ? said.cause : undefined
}
