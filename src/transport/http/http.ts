// THE HTTP DOOR: Bun.serve on a TCP address or on `http.sock`, its WebSockets included.
// Promises: the wall is asked before the token and the token before the path, so a stranger learns nothing; every
// refusal is a real status and is counted; no stack, path or source ever leaves. On `http.sock` whoever may open the
// file is the owner.

import { unlinkSync } from 'node:fs'
import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import type { Access } from '../../protocol/method.ts'
import type { ListenerDialect } from '../../listener.ts'
import { asPaidError } from '../../core/dispatch.ts'
import { createPeer, type Peer } from '../../core/peer.ts'
import type { Judge } from '../admission.ts'
import { wordsFor } from '../dialects/orchestrator/refusals.ts'
import type { Reason, Refusals } from '../refusals.ts'
import type { SocketData, WebSockets } from '../websocket.ts'
import { createAgentDoor, isAgentPath } from './agents.ts'
import { agentPeer, createEntering, type Guest, isTokenLike } from './agents/entering.ts'
import { errorAnswer } from './answer.ts'
import { isForPages, isPreflight, type Pages, preflightAnswer, readableBy } from './pages.ts'
import type { House, Visit } from './route.ts'
import { createRoutes } from './routes.ts'
import { headerToken, tokenOf, type Gate } from './token.ts'
import { noWall, openPaths, type Wall } from './wall.ts'
import { createWebhookDoor, isWebhookPath, notFoundAnswer } from './webhooks.ts'

/**
 * How a listener lets in. `gate` undefined: no token is asked for; `byFrame`: a WebSocket that shows none may show it
 * in its first frame; `webhooksOnly`: there is nothing else but `/health`.
 */
export type Entrance = {
  wall: Wall
  gate: Gate | undefined
  scope: Access
  name: string
  dialect: ListenerDialect
  byFrame?: boolean
  /** pages of other origins that were let in */
  pages?: Pages
  webhooksOnly?: true
}

/** The owner's own socket. */
export const ownersEntrance: Entrance = {
  wall: noWall,
  gate: undefined,
  scope: 'admin',
  name: 'http:owner',
  dialect: 'pai',
}

const refusedStatus: Record<
  Exclude<Reason, 'uid' | 'webhook'>,
  ConstructorParameters<typeof PaidError>[0]
> = {
  host: 'forbidden',
  origin: 'forbidden',
  site: 'forbidden',
  token: 'unauthorized',
  rate: 'too_many_requests',
  type: 'unsupported_media_type',
  size: 'too_large',
  url: 'url_too_long',
  connections: 'too_many_requests',
}

/** Bun waits this long for a quiet connection: longer than for a body, so that a late one is answered; streams take it off. */
const idleSeconds = limits.bodyTimeoutMs / 1000 + 10

type Server = Bun.Server<SocketData>
/** undefined: it is a WebSocket by now */
type Answered = Response | undefined | Promise<Response | undefined>

export const openHttpDoor = ({
  address,
  entrance,
  house,
  refusals,
  webSockets,
}: {
  address: { host: string; port: number } | { unix: string }
  /** made when the port is known */
  entrance: (port: number) => Entrance
  house: House
  refusals: Refusals
  webSockets: WebSockets
}) => {
  const routes = createRoutes(house, refusals, webSockets.news)
  const webhooks = createWebhookDoor(house, refusals)
  const agents = createAgentDoor(house, refusals)
  const enterAsAgent = createEntering(house)
  const isUnix = 'unix' in address
  let entered: Entrance = ownersEntrance
  let nameless = createPeer(entered.name, entered.scope)
  let hookPeer = createPeer('hook:claude', entered.scope)

  const refuse = (
    reason: Exclude<Reason, 'uid' | 'webhook'>,
    headers?: Record<string, string>,
    words?: string,
  ): Response => {
    refusals.count(reason)
    return errorAnswer(new PaidError(refusedStatus[reason], words), headers)
  }

  const answer = (request: Request, server: Server): Answered => {
    const { url } = request
    const start = url.indexOf('/', url.indexOf('//') + 2)
    const end = url.indexOf('?', start)
    const path = start < 0 ? '/' : url.slice(start, end < 0 ? undefined : end)
    const { wall } = entered

    const foreign = wall(request, path)
    if (foreign !== undefined) return refuse(foreign === 'host' || foreign === 'origin' ? foreign : 'site')
    if (url.length - start > limits.urlBytes) return refuse('url')

    const search = end < 0 ? '' : url.slice(end + 1)
    if (isWebhookPath(path))
      return webhooks(request, path, search, () =>
        isUnix ? undefined : (server.requestIP(request)?.address ?? ''),
      )
    if (entered.webhooksOnly && path !== '/health') return notFoundAnswer()
    const page = isForPages(path) ? entered.pages?.(request) : undefined
    if (page === undefined) return enter(request, server, path, search)
    if (isPreflight(request)) return preflightAnswer(page)
    const given = enter(request, server, path, search)
    return given instanceof Promise
      ? given.then((answered) => answered && readableBy(page, answered))
      : given && readableBy(page, given)
  }

  /** Past the wall. */
  const enter = (request: Request, server: Server, path: string, search: string): Answered => {
    const { gate } = entered

    const upgrading =
      request.headers.get('upgrade')?.toLowerCase() === 'websocket' &&
      (path === '/' || path === '/ws' || !routes.has(path))
    const addressOf = (): string => server.requestIP(request)?.address ?? ''
    if (isAgentPath(path) && !upgrading)
      return agents(request, path, search, {
        address: () => (isUnix ? undefined : addressOf()),
        mustSayJson: !isUnix && !isJson(request),
        keepOpen: () => server.timeout(request, 0),
      })
    const query = upgrading ? new URLSearchParams(search) : undefined
    const shown = gate && tokenOf(request, query)
    const byFrame = entered.byFrame && upgrading && shown === undefined
    if (query && shown !== undefined && isOfAgent(shown, path))
      return enterAsAgent(shown, addressOf()).then(
        (guest) => upgradeGuest(request, server, { path, query, guest }),
        (error: unknown) => turnedAway(error),
      )
    if (gate && !byFrame && (upgrading || !openPaths.has(path))) {
      const verdict = gate.judge(shown, addressOf)
      const words = upgrading && path !== '/ws' ? wordsFor(shown) : {}
      if (verdict === 'refused')
        return refuse('token', { 'www-authenticate': 'Bearer realm="paid"' }, words.token)
      if (verdict !== 'pass')
        return refuse('rate', { 'retry-after': String(Math.ceil(verdict.wait / 1000)) }, words.rate)
    }
    if (request.method === 'POST' && !isUnix && !isJson(request) && headerToken(request) === undefined)
      return refuse('type')

    const peer = peerOf(request)
    if (path === '/ws' || upgrading) {
      const judge = gate && byFrame ? judgeFrom(gate, path, addressOf()) : undefined
      return webSockets.upgrade(request, server, {
        path,
        query: query ?? new URLSearchParams(search),
        peer,
        judge,
      })
    }
    const { dialect } = entered
    const visit: Visit = { peer, hookPeer, dialect, search, keepOpen: () => server.timeout(request, 0) }
    return routes.answer(request, path, visit)
  }

  /** Whether it is the token of an agent's login, where such a one opens something. */
  const isOfAgent = (shown: string, path: string): boolean =>
    path !== '/ws' && entered.gate !== undefined && isTokenLike(shown) && !entered.gate.isRight(shown)

  const turnedAway = (thrown: unknown): Response => {
    const error = asPaidError(thrown, house.logger, 'an agent that comes in')
    refusals.count(error.code === 'too_many_requests' ? 'rate' : 'token')
    return errorAnswer(error)
  }

  const upgradeGuest = (
    request: Request,
    server: Server,
    { path, query, guest }: { path: string; query: URLSearchParams; guest: Guest },
  ): Response | undefined => {
    try {
      const answered = webSockets.upgrade(request, server, { path, query, peer: agentPeer(guest), guest })
      if (answered) guest.end()
      return answered
    } catch (error) {
      guest.end()
      return failure(error)
    }
  }

  const judgeFrom =
    (gate: Gate, path: string, address: string): Judge =>
    (token) => {
      if (isOfAgent(token, path))
        return enterAsAgent(token, address).catch((error: unknown) => {
          turnedAway(error)
          return false
        })
      const verdict = gate.judge(token, () => address)
      if (verdict !== 'pass') refusals.count(verdict === 'refused' ? 'token' : 'rate')
      return verdict === 'pass'
    }

  const fetch = (request: Request, server: Server): Answered => {
    try {
      return answer(request, server)
    } catch (error) {
      return failure(error)
    }
  }

  const failure = (error: unknown): Response =>
    errorAnswer(asPaidError(error, house.logger, 'an HTTP request'))

  /** Callers that only ask hold nothing, so those that claim no name are one peer. */
  const peerOf = (request: Request): Peer => {
    const claimed = request.headers.get('x-paid-name')
    return claimed !== null && nameShape.test(claimed)
      ? createPeer(`http:${claimed}?`, entered.scope)
      : nameless
  }

  const mask = process.umask(0o177)
  const common = {
    development: false,
    // above the largest limit of a path: what is a little too large is answered by us, the rest by Bun
    maxRequestBodySize: 2 * limits.hookBodyBytes,
    fetch,
    error: failure,
    websocket: webSockets.handler,
  } as const
  const options = isUnix
    ? { ...common, unix: address.unix }
    : // without that word Bun, outside of development, shares a port with whoever else asks for it
      { ...common, hostname: address.host, port: address.port, reusePort: false }
  // Bun takes it for a Unix socket too; only its types do not
  Reflect.set(options, 'idleTimeout', idleSeconds)
  const server: Server = Bun.serve<SocketData>(options)
  process.umask(mask)
  const port = server.port ?? 0
  entered = entrance(port)
  nameless = createPeer(entered.name, entered.scope)
  hookPeer = createPeer('hook:claude', entered.scope)

  return {
    port,
    url: isUnix
      ? address.unix
      : `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${port}`,
    /** Takes no more; running requests get a moment, then everything is closed. */
    close: async (graceMs: number): Promise<void> => {
      await Promise.race([server.stop(), Bun.sleep(graceMs)])
      await server.stop(true)
      if (!isUnix) return
      try {
        unlinkSync(address.unix)
      } catch {
        // stop() has removed it
      }
    },
  }
}

const isJson = (request: Request): boolean =>
  /^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(request.headers.get('content-type') ?? '')

/** A name that a caller may claim; it is marked as unverified. */
const nameShape = new RegExp(`^[\\w.@-]{1,${limits.peerNameBytes}}$`)
