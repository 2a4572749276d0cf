// `POST /hooks/claude`: an event of a session, and in the reply what the rooms have for it. The event is on disk before
// anybody is asked. A hook that has nothing to be told costs a look into memory.
// A tool is guarded by what was sent, not by what of it is kept: contents of excluded files are.

import { replyHeader } from '../../protocol/hook-reply.ts'
import { limits } from '../../protocol/limits.ts'
import type { Params } from '../../protocol/api.ts'
import type { Peer } from '../../core/peer.ts'
import { decodeHook } from '../dialects/claude.ts'
import {
  type Asking,
  askingIn,
  encodeContext,
  encodeDecision,
  encodeRefusal,
  nothing,
  requestIn,
  toolUseIn,
} from '../dialects/claude-reply.ts'
import { parseJson } from '../dialects/json.ts'
import { jsonOk } from './answer.ts'
import { readBody } from './body.ts'
import { answerLate } from './late-answer.ts'
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

  /** Which tools may go on: refused by a guard, or nothing said. */
  const guarded = (request: Request, visit: Visit, caller: Peer, text: string): Promise<Response> => {
    const use = toolUseIn(parseJson(text))
    if (!use) return Promise.resolve(jsonOk(nothing))
    return answerLate(request, visit, caller, async (peer) => {
      const { allowed, reason = '' } = await dispatch(peer, 'guard.check', use)
      return allowed ? nothing : encodeRefusal(reason)
    })
  }

  /** Whoever answers before the dialog in the terminal decides. */
  const asked = (
    request: Request,
    visit: Visit,
    caller: Peer,
    wanted: Params<'session.ask'>,
  ): Promise<Response> =>
    answerLate(request, visit, caller, async (peer) => {
      try {
        return encodeDecision(await dispatch(peer, 'session.ask', wanted))
      } catch (error) {
        logger.warn('nobody was asked for leave', { session: wanted.id, error })
        return nothing
      }
    })

  return async (request: Request, visit: Visit): Promise<Response> => {
    const text = await readBody(request, limits.hookBodyBytes)
    const event = decodeHook(text, occurredAtOf(request), isExcluded)
    const caller = callerOf(request, visit.hookPeer)
    const key = keyOf(request)
    const { duplicate } = await dispatch(caller, 'event.publish', { ...event, ...key })
    const isRead = request.headers.get(replyHeader) !== 'none' && !request.signal.aborted
    if (event.type === 'PreToolUse') return isRead ? guarded(request, visit, caller, text) : jsonOk(nothing)
    const wanted = isRead && !duplicate ? requestIn(event.type, event.data, () => parseJson(text)) : undefined
    if (wanted) return asked(request, visit, caller, wanted)
    const asking = askingIn(event.type, event.data)
    if (!asking) return jsonOk(nothing)
    if (duplicate && key) await dispatch(caller, 'session.unanswered', { id: asking.id, ...key })
    return jsonOk(isRead && !duplicate ? await replyTo(caller, asking, key) : nothing)
  }
}
