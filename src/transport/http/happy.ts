// The five routes of Happy's old daemon, and what its framework answers to bodies that they do not take.
// A pid that is not ours is never signalled: what others started is listed and left alone.

import type { z } from 'zod'
import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import type { Session } from '../../protocol/sessions.ts'
import type { Dispatch } from '../../core/dispatch.ts'
import type { Peer } from '../../core/peer.ts'
import {
  approvalOf,
  childOf,
  emptyBody,
  faultOf,
  invalidBody,
  isTracked,
  pidIn,
  spawnBody,
  startedBody,
  stopBody,
} from '../dialects/happy.ts'
import { parseJson } from '../dialects/json.ts'
import { jsonText } from './answer.ts'
import { readBody } from './body.ts'
import { spawnIn } from './happy/spawn.ts'
import { callerOf } from './posted.ts'
import type { Reported } from './happy/reported.ts'
import type { Handler, Paths } from './route.ts'

const json = (value: unknown, status = 200): Response => jsonText(JSON.stringify(value), status)

/** Happy's clients get the answer to `/stop` before the daemon is gone. */
const stopAfterMs = 50

export const happyPaths = ({
  dispatch,
  maxBody,
  reported,
}: {
  dispatch: Dispatch
  maxBody: number
  reported: Reported
}): Paths => {
  /** Reads a body that the schema takes, and gives back its answer; else the refusal. */
  const taking =
    <T>(schema: z.ZodType<T>, answer: (body: T, peer: Peer) => Promise<Response>): Handler =>
    async (request, { peer, keepOpen }) => {
      const text = await readBody(request, maxBody)
      if (text === '') return jsonText(emptyBody, 400)
      const body = parsed(text)
      if (body === undefined) return jsonText(invalidBody, 400)
      const taken = schema.safeParse(body)
      if (!taken.success) return jsonText(faultOf(taken.error), 400)
      keepOpen()
      return await answer(taken.data, callerOf(request, peer))
    }

  const tracked = async (peer: Peer): Promise<Session[]> => {
    const { sessions } = await dispatch(peer, 'session.list', { limit: limits.pageEvents })
    return (await reported.fill(peer, sessions)).filter(isTracked)
  }

  /** The managed session that is meant; nobody else's. */
  const owned = async (peer: Peer, sessionId: string): Promise<Session | undefined> => {
    const pid = pidIn(sessionId)
    const all = await tracked(peer)
    return all.find(({ kind, id, alias, pid: own }) =>
      kind !== 'managed' ? false : pid === undefined ? id === sessionId || alias === sessionId : own === pid,
    )
  }

  return {
    '/list': {
      POST: async (request, { peer }) => {
        const text = await readBody(request, maxBody)
        if (text === '' && request.headers.get('content-type')?.startsWith('application/json'))
          return jsonText(emptyBody, 400)
        if (text !== '' && parsed(text) === undefined) return jsonText(invalidBody, 400)
        return json({ children: (await tracked(peer)).map(childOf) })
      },
    },

    '/spawn-session': {
      POST: taking(spawnBody, async (body, peer) => {
        try {
          const begun = await spawnIn(dispatch, peer, body)
          if (begun === 'needs approval') return json(approvalOf(body.directory), 409)
          const { id, pid } = begun
          return json({ success: true, sessionId: id, pid, approvedNewDirectoryCreation: true })
        } catch (error) {
          if (!(error instanceof PaidError) || error.code === 'internal' || error.code === 'forbidden')
            throw error
          return json({ success: false, error: error.message }, 500)
        }
      }),
    },

    '/stop-session': {
      POST: taking(stopBody, async ({ sessionId }, peer) => {
        const session = await owned(peer, sessionId)
        if (!session) return json({ success: false })
        await dispatch(peer, 'session.stop', { id: session.id })
        return json({ success: true })
      }),
    },

    '/session-started': {
      POST: taking(startedBody, async ({ sessionId, metadata }, peer) => {
        const { hostPid, path } = metadata
        if (hostPid !== undefined) await reported.take(peer, sessionId, hostPid, path)
        return json({ status: 'ok' })
      }),
    },

    '/stop': {
      POST: async (request, { peer, dialect }) => {
        // who opens an address for Happy's clients lets them do what those do
        const caller: Peer = dialect === 'happy' ? { ...peer, scope: 'admin' } : peer
        if (caller.scope !== 'admin') throw new PaidError('forbidden')
        const stopping = callerOf(request, caller)
        setTimeout(
          () => void dispatch(stopping, 'system.stop', { reason: 'POST /stop' }).catch(() => undefined),
          stopAfterMs,
        )
        return json({ status: 'stopping' })
      },
    },
  }
}

/** Undefined for what is no JSON. */
const parsed = (text: string): unknown => {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof PaidError && error.code === 'invalid_json') return undefined
    throw error
  }
}
