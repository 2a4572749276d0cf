// `/api/daemon` and what is under it: the routes that an orchestrator's daemon knows from its first backend. The daemon's
// token is not asked for: a key proves an agent, then the token that its login gave. Each route reads its request into
// a call and puts the result into that dialect's words. Whoever guesses waits after a while.

import { PaidError } from '../../protocol/error.ts'
import type { ErrorCode } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import { asPaidError } from '../../core/dispatch.ts'
import { createPeer } from '../../core/peer.ts'
import { bodyOf, refusalText, type Renamed, type Shape } from '../dialects/orchestrator/agent-refusals.ts'
import type { Refusals } from '../refusals.ts'
import { eventRoutes } from './agents/events.ts'
import { lifeRoutes } from './agents/life.ts'
import { loginRoutes } from './agents/logins.ts'
import { BodyRefused, type Methods, type Route } from './agents/route.ts'
import { sessionRoutes } from './agents/sessions.ts'
import { postToWebSocket, webSocketRoutes } from './agents/web-socket.ts'
import { jsonText } from './answer.ts'
import { bodyError, readBody } from './body.ts'
import type { House } from './route.ts'
import { headerToken } from './token.ts'

const root = '/api/daemon'

export const isAgentPath = (path: string): boolean => path === root || path.startsWith(`${root}/`)

export type AgentDoor = (
  request: Request,
  path: string,
  search: string,
  visit: {
    /** of the socket it came on; undefined on one that only the owner reaches */
    address: () => string | undefined
    /** whether it must say that its body is JSON, as a page of another site cannot */
    mustSayJson: boolean
    keepOpen: () => void
  },
) => Response | Promise<Response>

/** What somebody gets wrong who guesses. */
const guesses = new Set<ErrorCode>([
  'bad_key',
  'unauthorized',
  'unknown_key',
  'bad_token',
  'wrong_token',
  'token_revoked',
])

const refused = (
  error: PaidError,
  { shape, renamed }: { shape: Shape; renamed?: Renamed },
  headers?: Record<string, string>,
): Response => jsonText(refusalText(error, shape, renamed), error.status, headers)

export const createAgentDoor = (house: House, refusals: Refusals): AgentDoor => {
  const peer = createPeer('http:agent', 'write')
  const ground = { ...house, peer }
  const routes = new Map<string, Methods>(
    Object.entries({
      ...lifeRoutes(ground),
      ...sessionRoutes(ground),
      ...eventRoutes(ground),
      ...loginRoutes(ground),
      ...webSocketRoutes,
    }),
  )

  /** One more guess, and whether its address has to wait by now. */
  const guessed = (error: PaidError, address: string | undefined, route: Route): Response => {
    const wait = address === undefined ? undefined : house.attempts.failed(address)
    refusals.count(wait === undefined ? 'token' : 'rate')
    if (wait === undefined) return refused(error, route)
    const seconds = String(Math.max(1, Math.ceil(wait / 1000)))
    return refused(new PaidError('too_many_requests'), route, { 'retry-after': seconds })
  }

  return async (request, path, search, { address, mustSayJson, keepOpen }) => {
    const methods = routes.get(path.slice(root.length))
    if (!methods) return jsonText(bodyOf('flat', 'Not found', 'NOT_FOUND'), 404)
    const allow = Object.keys(methods)
      .flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name]))
      .join(', ')
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const route = isMethod(method) ? methods[method] : undefined
    if (!route) {
      if (path === `${root}/ws`) return jsonText(postToWebSocket, 405, { allow })
      const [any] = Object.values(methods)
      return refused(new PaidError('method_not_allowed'), { shape: any?.shape ?? 'flat' }, { allow })
    }
    try {
      if (mustSayJson && request.method === 'POST' && headerToken(request) === undefined)
        throw new PaidError('unsupported_media_type')
      return await route.answer({
        request,
        query: new URLSearchParams(search),
        // a Bearer and nothing else, as it always was
        token: /^bearer (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]?.trim() ?? '',
        body: () => readBody(request, Math.min(house.maxBody, limits.bodyBytes)),
        keepOpen,
      })
    } catch (thrown) {
      if (thrown instanceof BodyRefused) return thrown.response
      const error = asPaidError(bodyError(thrown) ?? thrown, house.logger, 'a request of an agent')
      if (error.code === 'too_large') refusals.count('size')
      if (error.code === 'unsupported_media_type') refusals.count('type')
      return guesses.has(error.code) ? guessed(error, address(), route) : refused(error, route)
    }
  }
}

const isMethod = (name: string): name is keyof Methods =>
  ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].includes(name)
