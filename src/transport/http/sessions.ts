// `/sessions` and `/status`: what the orchestrator daemon's later client and Happy's clients ask of sessions over HTTP.
// The same routes serve both: a body with a `task` is the orchestrator's, one with a `directory` Happy's. What a
// listener's dialect does not settle is answered with the fields of both, and in the statuses of whoever ordered it.

import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import { sessionStatuses, sessionKinds, type Session } from '../../protocol/sessions.ts'
import { explain, type Dispatch } from '../../core/dispatch.ts'
import { approvalOf, isTracked, spawnBody, trackedOf } from '../dialects/happy.ts'
import { parseJson } from '../dialects/json.ts'
import { httpSessionOf, isOrdered } from '../dialects/orchestrator/http.ts'
import { freshAlias, orderOf, taskOf } from '../dialects/orchestrator/spawn.ts'
import { taskOfMessage } from '../dialects/orchestrator/session.ts'
import { daemonStatusOf } from '../dialects/orchestrator/status.ts'
import { isFields } from '../../lib/fields.ts'
import type { News } from '../orchestrator/news.ts'
import { jsonText } from './answer.ts'
import { readBody } from './body.ts'
import { spawnIn } from './happy/spawn.ts'
import { callerOf } from './posted.ts'
import type { Reported } from './happy/reported.ts'
import type { Paths, Visit } from './route.ts'

type Fields = Record<string, unknown>

const json = (value: unknown, status = 200): Response => jsonText(JSON.stringify(value), status)

export const sessionPaths = ({
  dispatch,
  maxBody,
  news,
  reported,
}: {
  dispatch: Dispatch
  maxBody: number
  news: News
  reported: Reported
}): Paths => {
  const bodyOf = async (request: Request): Promise<Fields> => {
    const body = parseJson(await readBody(request, maxBody))
    if (!isFields(body)) throw new PaidError('bad_request', 'The body is one JSON object')
    return body
  }

  /** As its listener shows one session. */
  const shown = (session: Session, { dialect }: Visit): object => {
    const known = news.of(session.id) ?? session
    const ordered = httpSessionOf(known)
    // under the one id that its WebSocket's frames say too
    if (dialect === 'orchestrator') return { ...ordered, sessionId: ordered.id }
    if (dialect === 'happy') return trackedOf(session)
    const status = isOrdered(session) ? ordered.status : (session.status ?? null)
    return { ...session, ...trackedOf(session), ...ordered, status }
  }

  const found = async (id: string, { peer }: Visit): Promise<Session> => {
    const { session } = await dispatch(peer, 'session.get', { id })
    if (!session) throw new PaidError('unknown_session', `There is no session ${JSON.stringify(id)}`)
    const [filled = session] = await reported.fill(peer, [session])
    return filled
  }

  const order = async (request: Request, visit: Visit, body: Fields): Promise<Response> => {
    const { prompt, directory, labels, more } = orderOf(body)
    const id = crypto.randomUUID()
    const forget = news.order(id, { description: prompt, more })
    try {
      const { session } = await dispatch(callerOf(request, visit.peer), 'session.spawn', {
        id,
        alias: freshAlias(),
        prompt,
        labels,
        ...(directory !== undefined && { directory }),
      })
      return json(shown(session, visit), 201)
    } finally {
      forget()
    }
  }

  const spawn = async (request: Request, visit: Visit, body: Fields): Promise<Response> => {
    const given = spawnBody.safeParse(body)
    if (!given.success) throw new PaidError('bad_request', explain(given.error))
    const begun = await spawnIn(dispatch, callerOf(request, visit.peer), given.data)
    if (begun !== 'needs approval') return json(shown(begun, visit), 201)
    const { directory } = given.data
    const error = `There is no folder ${directory}, and nobody approved making it`
    const hint = 'Send approvedNewDirectoryCreation: true.'
    return json({ ok: false, error, hint, ...approvalOf(directory) }, 409)
  }

  return {
    '/sessions': {
      POST: async (request, visit) => {
        const body = await bodyOf(request)
        if (body['task'] !== undefined) return await order(request, visit, body)
        if (body['directory'] !== undefined) return await spawn(request, visit, body)
        throw new PaidError('bad_request', 'The body says neither a task nor a directory')
      },

      GET: async (_request, visit) => {
        const { dialect, peer, search } = visit
        const wanted = dialect === 'orchestrator' ? { kind: 'managed' as const } : {}
        const listed = await dispatch(peer, 'session.list', {
          limit: limits.pageEvents,
          ...wanted,
          ...filterOf(search),
        })
        const filled = await reported.fill(peer, listed.sessions)
        const sessions =
          dialect === 'happy'
            ? filled.filter(isTracked).map(trackedOf)
            : dialect === 'orchestrator'
              ? filled.map((session) => shown(session, visit))
              : filled.map((session) => ({ ...shown(session, visit), status: session.status ?? null }))
        return json({ sessions, total: sessions.length })
      },
    },

    '/sessions/:id': {
      GET: async (_request, visit, id) => json(shown(await found(id, visit), visit)),

      DELETE: async (request, visit, id) => {
        await found(id, visit)
        const peer = callerOf(request, visit.peer)
        visit.keepOpen()
        const { session } = await dispatch(peer, 'session.stop', { id })
        return json({ success: true, ...shown(session, visit) })
      },
    },

    '/sessions/:id/tasks': {
      POST: async (request, visit, id) => {
        const text = taskOf(await bodyOf(request))
        if (text === undefined) throw new PaidError('bad_request', 'task.description must be a text')
        const session = await found(id, visit)
        const { message } = await dispatch(callerOf(request, visit.peer), 'session.send', {
          id: session.id,
          text,
        })
        return json({ success: true, sessionId: id, taskId: taskOfMessage(message) }, 202)
      },
    },

    '/status': {
      GET: async (_request, { peer }) => {
        const [status, totals] = await Promise.all([
          dispatch(peer, 'system.status', {}),
          dispatch(peer, 'session.totals', {}),
        ])
        return json(daemonStatusOf(status, totals))
      },
    },
  }
}

/** What a query asks for; throws `bad_request` for what cannot be asked. */
const filterOf = (search: string) => {
  const query = new URLSearchParams(search)
  const limit = query.get('limit') || undefined
  const status = query.get('status') || undefined
  const kind = query.get('kind') || undefined
  return {
    ...(limit !== undefined && { limit: Number(limit) }),
    ...(status !== undefined && { status: oneOf(sessionStatuses, 'status', status) }),
    ...(kind !== undefined && { kind: oneOf(sessionKinds, 'kind', kind) }),
  }
}

const oneOf = <T extends string>(known: readonly T[], name: string, given: string): T => {
  const one = known.find((each) => each === given)
  if (one === undefined) throw new PaidError('bad_request', `${name} is one of ${known.join(', ')}`)
  return one
}
