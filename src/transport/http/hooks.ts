// `POST /hooks/claude`: an event of a session, and in the reply what the rooms have for it. The event is on disk before
// anybody is asked. A hook that has nothing to be told costs a look into memory.

import { replyHeader } from '../../protocol/hook-reply.ts'
import { limits } from '../../protocol/limits.ts'
import type { Peer } from '../../core/peer.ts'
import { decodeHook } from '../dialects/claude.ts'
import { type Asking, askingIn, encodeContext, nothing } from '../dialects/claude-reply.ts'
import { jsonOk } from './answer.ts'
import { readBody } from './body.ts'
import { callerOf, keyOf, occurredAtOf } from './posted.ts'
import type { House, Visit } from './route.ts'

export const createHookRoute = ({ dispatch, logger, isExcluded }: House) => {
  const replyTo = async (caller: Peer, asking: Asking, key: { key: string } | undefined): Promise<string> => {
    try {
      const { context } = await dispatch(caller, 'session.hook', { ...asking, ...key })
      return encodeContext(asking.type, context)
    } catch (error) {
      // a session is not held up for what could not be told to it
      logger.warn('a hook got no answer', { session: asking.id, type: asking.type, error })
      return nothing
    }
  }

  return async (request: Request, { hookPeer }: Visit): Promise<Response> => {
    const event = decodeHook(await readBody(request, limits.hookBodyBytes), occurredAtOf(request), isExcluded)
    const caller = callerOf(request, hookPeer)
    const key = keyOf(request)
    const { duplicate } = await dispatch(caller, 'event.publish', { ...event, ...key })
    const asking = askingIn(event.type, event.data)
    if (!asking) return jsonOk(nothing)
    if (duplicate && key) await dispatch(caller, 'session.unanswered', { id: asking.id, ...key })
    const isRead = request.headers.get(replyHeader) !== 'none' && !request.signal.aborted
    return jsonOk(isRead && !duplicate ? await replyTo(caller, asking, key) : nothing)
  }
}
