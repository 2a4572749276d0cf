// What a posting request says besides its body: a once-only key, an instant; and a body that is a batch.

import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import { onceKey, type NewEvent } from '../../protocol/events.ts'
import { causeHeader, decodeCause } from '../../protocol/cause.ts'
import { nameOf } from '../../protocol/channel.ts'
import { explain } from '../../core/dispatch.ts'
import type { Peer } from '../../core/peer.ts'
import { decodeEvent } from '../dialects/pai.ts'

/** The once-only key of a request, as a call's field. */
export const keyOf = (request: Request): { key: string } | undefined => {
  const header = request.headers.get('idempotency-key')
  if (header === null) return undefined
  const key = onceKey.safeParse(header)
  if (!key.success) throw new PaidError('bad_request', `Idempotency-Key: ${explain(key.error)}`)
  return { key: key.data }
}

/** When it happened, as `paid hook` says it. */
export const occurredAtOf = (request: Request): number | undefined => {
  const header = request.headers.get('x-paid-occurred-at')
  if (header === null) return undefined
  if (!/^\d{1,15}$/.test(header))
    throw new PaidError('bad_request', 'X-Paid-Occurred-At must be epoch milliseconds')
  return Number(header)
}

const cause = nameOf('it', limits.causeBytes)

/** The caller, who acts upon what the request says it does. */
export const callerOf = (request: Request, peer: Peer): Peer => {
  const header = request.headers.get(causeHeader)
  if (header === null || header === '') return peer
  const given = cause.safeParse(decodeCause(header))
  if (!given.success) throw new PaidError('bad_request', `X-Paid-Cause: ${explain(given.error)}`)
  return { ...peer, cause: given.data }
}

export const batchOf = (body: readonly unknown[]): NewEvent[] => {
  if (body.length === 0 || body.length > limits.batchEvents)
    throw new PaidError('bad_request', `A batch has 1 to ${limits.batchEvents} events, not ${body.length}`)
  return body.map((event, n) => {
    try {
      return decodeEvent(event)
    } catch (error) {
      if (error instanceof PaidError)
        throw new PaidError(error.code, `event ${n}: ${error.message}`, error.hint)
      throw error
    }
  })
}
