// The photon daemon's words: what its clients ask for as calls of ours, and what ours answer as its frames. A table:
// each type says which names it needs, which call it means, and how the answer reads. Subscriptions, which belong to
// one connection, are in ../photon.ts.
// Source: the photon daemon's protocol document, and the frames of its server.

import { PaidError } from '../../protocol/error.ts'
import { seqOfId } from '../../protocol/event.ts'
import { limits } from '../../protocol/limits.ts'
import type { Lock } from '../../protocol/locks.ts'
import type { Dispatch } from '../../core/dispatch.ts'
import type { Peer } from '../../core/peer.ts'
import { isFields } from './pai.ts'
import { noMessage, resumeOf, type Reply } from './photon-frames.ts'

export type PhotonFrame = Record<string, unknown> & { readonly type: string; readonly id: string }

/** What one type of request means. */
type Meaning = {
  /** fields that must be strings */
  readonly needs: readonly string[]
  readonly reads: boolean
  readonly reply: (frame: PhotonFrame, dispatch: Dispatch, peer: Peer) => Promise<Reply>
}

/** Clients read an answer in one piece of at most 64 KiB. */
const replyBytes = 60 * 1024

const name = (frame: PhotonFrame, field: string): string => {
  const value = frame[field]
  return typeof value === 'string' ? value : ''
}

/** The first of these fields that names somebody. */
const named = (frame: PhotonFrame, ...fields: string[]): string | undefined =>
  fields.map((field) => name(frame, field)).find((value) => value !== '')

/** Who locks and unlocks: its session, or the request itself. */
const holderOf = (frame: PhotonFrame): string => named(frame, 'lockHolder', 'sessionId') ?? frame.id

const standardLeaseMs = 30_000

const leaseOf = ({ lockTimeout }: PhotonFrame): number => {
  if (lockTimeout === undefined || lockTimeout === 0) return standardLeaseMs
  if (typeof lockTimeout === 'number' && lockTimeout > 0 && lockTimeout <= limits.leaseMs)
    return Math.ceil(lockTimeout)
  throw new PaidError(
    'bad_request',
    `lockTimeout must be milliseconds from 1 to ${limits.leaseMs}`,
    `Leave it out, or send 0, for ${standardLeaseMs}.`,
  )
}

const lockReply = (
  result: { name: string; holder: string; expiresAt: number } & (
    | { acquired: true; token: number }
    | { acquired: false; acquiredAt: number }
  ),
): Reply => {
  const { acquired, name: lockName, holder, expiresAt } = result
  if (result.acquired)
    return { success: true, data: { acquired, lockName, holder, expiresAt, token: result.token } }
  const reason = 'Lock held by another client'
  return { success: false, data: { acquired, lockName, holder, expiresAt, reason } }
}

const listed = ({ name: lockName, holder, acquiredAt, expiresAt }: Lock) => ({
  name: lockName,
  holder,
  acquiredAt,
  expiresAt,
})

/** As many as one answer holds, one at least, and whether some are left. */
const fitting = <T>(items: readonly T[]): { fit: T[]; left: boolean } => {
  const fit: T[] = []
  let bytes = 0
  for (const item of items) {
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1
    if (fit.length > 0 && bytes > replyBytes) return { fit, left: true }
    fit.push(item)
  }
  return { fit, left: false }
}

const eventsPage = 500

const meanings: Record<string, Meaning> = {
  publish: {
    needs: ['channel'],
    reads: false,
    reply: async (frame, dispatch, peer) => {
      const { message, store } = frame
      const channel = name(frame, 'channel')
      const { ids } = await dispatch(peer, 'event.publish', {
        channel,
        type: 'message',
        data: message === undefined ? null : message,
        ...(message === undefined && { origin: noMessage }),
        transient: store !== true,
        echo: false,
      })
      const [id] = ids
      const more = id === undefined ? {} : { eventId: seqOfId(id) }
      return { success: true, data: { published: true, channel }, more }
    },
  },
  get_events_since: {
    needs: ['channel'],
    reads: true,
    reply: async (frame, dispatch, peer) => {
      const since = resumeOf(frame['lastEventId'])
      const [newest] = (await dispatch(peer, 'event.list', { all: true, limit: 1 })).events
      if (since === undefined || since > (newest?.seq ?? 0))
        return { success: true, data: { events: [], refreshNeeded: true } }
      const channel = name(frame, 'channel')
      const found = await dispatch(peer, 'event.list', { channel, since, limit: eventsPage })
      const { fit, left } = fitting(
        found.events.map((event) => ({
          eventId: event.seq,
          id: `ch_${event.seq}`,
          channel: event.channel,
          ...(event.origin?.['message'] !== noMessage.message && { message: event.data }),
          timestamp: event.at,
        })),
      )
      const more = left || found.events.length === eventsPage
      return {
        success: true,
        data: { events: fit, refreshNeeded: false, ...(more && { more, lastEventId: fit.at(-1)?.eventId }) },
      }
    },
  },
  lock: {
    needs: ['lockName'],
    reads: false,
    reply: async (frame, dispatch, peer) =>
      lockReply(
        await dispatch(peer, 'lock.acquire', {
          name: name(frame, 'lockName'),
          holder: named(frame, 'sessionId') ?? frame.id,
          ttl: leaseOf(frame),
        }),
      ),
  },
  assign_lock: {
    needs: ['lockName', 'lockHolder'],
    reads: false,
    reply: async (frame, dispatch, peer) => {
      const result = await dispatch(peer, 'lock.assign', {
        name: name(frame, 'lockName'),
        holder: name(frame, 'lockHolder'),
        ttl: leaseOf(frame),
      })
      if (result.acquired) return lockReply(result)
      const { name: lockName, holder: currentHolder } = result
      return {
        success: false,
        data: {
          acquired: false,
          lockName,
          holder: currentHolder,
          reason: 'Lock held by another caller',
          currentHolder,
        },
      }
    },
  },
  unlock: {
    needs: ['lockName'],
    reads: false,
    reply: async (frame, dispatch, peer) => {
      const lockName = name(frame, 'lockName')
      const result = await dispatch(peer, 'lock.release', { name: lockName, holder: holderOf(frame) })
      // nobody holds it: what was asked for is so
      if (result.released || result.reason === 'not_held')
        return { success: true, data: { released: true, lockName } }
      return { success: false, data: { released: false, lockName, reason: 'Not lock holder' } }
    },
  },
  transfer_lock: {
    needs: ['lockName', 'lockHolder', 'lockTransferTo'],
    reads: false,
    reply: async (frame, dispatch, peer) => {
      const lockName = name(frame, 'lockName')
      const from = name(frame, 'lockHolder')
      const to = name(frame, 'lockTransferTo')
      const result = await dispatch(peer, 'lock.transfer', { name: lockName, holder: from, to })
      if (result.transferred)
        return { success: true, data: { transferred: true, lockName, from, to, token: result.token } }
      const currentHolder = result.holder ?? null
      return {
        success: false,
        data: { transferred: false, lockName, reason: 'Not the current holder', currentHolder },
      }
    },
  },
  query_lock: {
    needs: ['lockName'],
    reads: true,
    reply: async (frame, dispatch, peer) => {
      const lockName = name(frame, 'lockName')
      const { lock } = await dispatch(peer, 'lock.get', { name: lockName })
      if (!lock) return { success: true, data: { lockName, holder: null } }
      const { holder, acquiredAt, expiresAt } = lock
      return { success: true, data: { lockName, holder, acquiredAt, expiresAt } }
    },
  },
  list_locks: {
    needs: [],
    reads: true,
    reply: async (frame, dispatch, peer) => {
      const after = named(frame, 'after')
      const { locks, next } = await dispatch(peer, 'lock.list', after === undefined ? {} : { after })
      const { fit, left } = fitting(locks.map(listed))
      const more = left ? fit.at(-1)?.name : next
      return { success: true, data: { locks: fit, ...(more !== undefined && { more: true, after: more }) } }
    },
  },
  status: {
    needs: [],
    reads: true,
    reply: async (_frame, dispatch, peer) => {
      const found = await dispatch(peer, 'system.status', {})
      const uptime = Math.floor(found.uptimeMs / 1000)
      const memoryMB = Math.round(found.memoryBytes / 1024 / 1024)
      const { subscriptions } = found.peers
      return {
        success: true,
        data: { uptime, memoryMB, sessions: found.log.sessions, subscriptions, photonsLoaded: 0 },
      }
    },
  },
  shutdown: {
    needs: [],
    reads: false,
    reply: async (_frame, dispatch, peer) => {
      await dispatch(peer, 'system.stop', { reason: 'photon shutdown' })
      return { success: true, data: { message: 'Shutting down' } }
    },
  },
}

/** types that are answered without a call, or belong to one connection */
const ownTypes = ['ping', 'subscribe', 'unsubscribe']
/** what photons themselves do, which no daemon but theirs can */
const foreign = ['command', 'prompt_response', 'schedule', 'unschedule', 'list_jobs', 'reload', 'ps']

const known = new Set([...Object.keys(meanings), ...ownTypes, ...foreign])

/** A frame is photon's with one of its types and a string for id. */
export const isPhotonFrame = (frame: unknown): frame is PhotonFrame =>
  isFields(frame) &&
  typeof frame['id'] === 'string' &&
  typeof frame['type'] === 'string' &&
  known.has(frame['type'])

export const meaningOf = (frame: PhotonFrame): Meaning | undefined => meanings[frame.type]

export const isComplete = (frame: PhotonFrame, needs: readonly string[]): boolean =>
  needs.every((field) => typeof frame[field] === 'string')
