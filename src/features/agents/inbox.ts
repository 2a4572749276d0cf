// What was posted for an agent: read page by page or followed, without what it has acknowledged.

import type { Database } from 'bun:sqlite'
import { agentPrefix } from '../../protocol/agents.ts'
import { type Cursor, type Event, seqOfId } from '../../protocol/event.ts'
import { limits } from '../../protocol/limits.ts'
import type { Dispatch } from '../../core/dispatch.ts'
import { createPeer, endPeer, type Peer } from '../../core/peer.ts'
import type { Stream } from '../../core/subscription.ts'

export const channelOf = (name: string): string => `${agentPrefix}${name}`

export const acknowledgedBy = (reader: Database, name: string): Set<number> =>
  new Set(
    reader
      .query<{ seq: number }, [string]>('SELECT seq FROM agent_acknowledged WHERE name = +?')
      .all(name)
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

/** Lets a peer follow; gives back what ends that, and the peer with it. */
export const follow = async (
  dispatch: Dispatch,
  name: string,
  done: ReadonlySet<number>,
  { peer, stream, since }: { peer: Peer; stream: Stream; since: Cursor | undefined },
): Promise<() => void> => {
  const own = createPeer(peer.by, 'read', '', {
    get blocked() {
      return stream.blocked
    },
    empty: () => stream.empty(),
    send: (event, subscription) => {
      if (!done.has(event.seq)) stream.send(event, subscription)
    },
    lagged: (subscription, seq) => stream.lagged(subscription, seq),
  })
  peer.onEnd(() => endPeer(own))
  await dispatch(own, 'event.subscribe', {
    channel: channelOf(name),
    ...(since !== undefined && { since }),
  })
  return () => endPeer(peer)
}
