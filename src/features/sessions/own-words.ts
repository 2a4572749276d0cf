// Events that this room alone tells: what is read of a session that runs here is what it did. Anybody may post anything
// else on its channel, as hooks do, and these of sessions that were started elsewhere; that one begins, of none.

import type { Database } from 'bun:sqlite'
import { sessionPrefix } from '../../protocol/channel.ts'
import { conversations } from './conversations.ts'
import { find } from './rows.ts'

const beginnings = new Set(['session.spawned', 'session.resumed'])
const others = new Set([
  'session.status',
  'session.cleared',
  'session.chunk',
  'session.raw',
  'session.ended',
  'session.lost',
  'turn.started',
  'turn.finished',
  'message.said',
  'message.queued',
  'message.delivered',
  'message.seen',
  'message.expired',
  'tool.started',
  'tool.finished',
  'permission.requested',
  'permission.answered',
  'permission.cancelled',
  'elicitation.requested',
  'elicitation.answered',
  'elicitation.cancelled',
])

/** Whether nobody else may post it. */
export type IsOwn = (namespace: string, channel: string, type: string) => boolean

export const ownWords =
  (database: Database): IsOwn =>
  (namespace, channel, type) => {
    if (!channel.startsWith(sessionPrefix)) return false
    if (beginnings.has(type)) return true
    if (!others.has(type)) return false
    const id = channel.slice(sessionPrefix.length)
    return (
      find(database, { namespace, id }) !== undefined ||
      conversations.sessionOf(database, namespace, id) !== undefined
    )
  }
