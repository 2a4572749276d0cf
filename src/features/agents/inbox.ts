// What was posted for an agent: read page by page or followed, without what it has acknowledged.

import type { Database } from 'bun:sqlite'
import { agentPrefix } from '../../protocol/agents.ts'
import { type Cursor, type Event, seqOfId } from '../../protocol/event.ts'
import { limits } from '../../protocol/limits.ts'
import type { Dispatch } from '../../core/dispatch.ts'
import { createPeer } from '../../core/peer.ts'
import { seqOfCursor } from '../../core/query.ts'

export const channelOf = (name: string): string => `${agentPrefix}${name}`

/** Of what came after a cursor. Throws `bad_request` for one that is none. */
export const acknowledgedBy = (reader: Database, name: string, since: Cursor): Set<number> =>
  new Set(
    reader
      .query<{ seq: number }, [string, number]>(
        'SELECT seq FROM agent_acknowledged WHERE name = +? AND seq > +?',
      )
      .all(name, seqOfCursor(reader, since))
      .map(({ seq }) => seq),
  )

/** Notes those of these events that were posted for the agent; gives them back. */
export const acknowledge = (database: Database, name: string, ids: readonly string[]): string[] => {
  const isOwn = database.query<{ seq: number }, [string, number]>(
    `SELECT e.seq FROM events e JOIN streams s ON s.id = e.stream
     WHERE s.namespace = '' AND s.channel = +? AND e.seq = +?`,
  )
  const note = database.query('INSERT OR IGNORE INTO agent_acknowledged VALUES (?, ?)')
  return ids.filter((id) => {
    const seq = seqOfId(id)
    if (seq === undefined || !isOwn.get(channelOf(name), seq)) return false
    return note.run(name, seq).changes > 0
  })
}

/** Up to `limit` events behind a cursor that the agent has not dealt with. */
export const unread = async (
  dispatch: Dispatch,
  name: string,
  done: ReadonlySet<number>,
  { since, limit }: { since: Cursor; limit: number },
): Promise<Event[]> => {
  const peer = createPeer(channelOf(name), 'read')
  const found: Event[] = []
  for (let from: Cursor = since; ;) {
    const page = await dispatch(peer, 'event.list', {
      channel: channelOf(name),
      since: from,
      limit: limits.pageEvents,
    })
    found.push(...page.events.filter(({ seq = 0 }) => !done.has(seq)))
    if (found.length >= limit || page.events.length === 0 || page.next === undefined)
      return found.slice(0, limit)
    from = page.next
  }
}
