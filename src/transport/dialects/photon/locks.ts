// Photon's words for locks. A lock belongs to the session that asked for it, or to the request itself.

import { PaidError } from '../../../protocol/error.ts'
import { limits } from '../../../protocol/limits.ts'
import type { Lock } from '../../../protocol/locks.ts'
import type { Reply } from './frames.ts'
import { fitting, name, named, type Meanings, type PhotonFrame } from './meaning.ts'

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

export const lockMeanings: Meanings = {
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
}
