// The last hook event that reached the daemon.

import type { Connection } from '../../client/connection.ts'
import type { Event } from '../../protocol/event.ts'

export type LastHook = { id: string; type: string; at: number; channel: string }

/** Undefined when none is among the last events of sessions. */
export const lastHook = async (daemon: Connection): Promise<LastHook | undefined> => {
  const { events } = await daemon.call('event.list', { channel: 'session:*', limit: 50 })
  const last = events.findLast(isHookEvent)
  return last && { id: last.id ?? '', type: last.type, at: last.at, channel: last.channel }
}

const isHookEvent = ({ data }: Event): boolean =>
  typeof data === 'object' && data !== null && 'hook_event_name' in data
