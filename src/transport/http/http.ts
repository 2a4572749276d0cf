// THE HTTP DOOR: Bun.serve on a TCP address or on `http.sock`, its WebSockets included.
// Promises: the wall is asked before the token and the token before the path, so a stranger learns nothing; every
// refusal is a real status and is counted; no stack, path or source ever leaves. On `http.sock` whoever may open the
// file is the owner.

import { unlinkSync } from 'node:fs'
import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import type { Access } from '../../protocol/method.ts'
import { asPaidError } from '../../core/dispatch.ts'
import { createPeer } from '../../core/peer.ts'
import type { Reason, Refusals } from '../refusals.ts'
import type { SocketData, WebSockets } from '../websocket.ts'
import { errorAnswer } from './answer.ts'
import { createRoutes, type House, type Visit } from './routes.ts'
import { headerToken, tokenOf, type Gate } from './token.ts'
import { noWall, openPaths, type Wall } from './wall.ts'

/** How a listener lets in. `gate` undefined: no token is asked for. */
export type Entrance = { wall: Wall; gate: Gate | undefined; scope: Access; name: string }

/** The owner's own socket. */
export const ownersEntrance: Entrance = { wall: noWall, gate: undefined, scope: 'admin', name: 'http:owner' }

const refusedStatus: Record<Exclude<Reason, 'uid'>, ConstructorParameters<typeof PaidError>[0]> = {
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

/** Bun waits this long for a quiet connection, in seconds; streams take it off. */
const idleSeconds = 30

type Server = Bun.Server<SocketData>

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
  const routes = createRoutes(house)
  const isUnix = 'unix' in address
  let entered: Entrance = ownersEntrance

  const refuse = (reason: Exclude<Reason, 'uid'>, headers?: Record<string, string>): Response => {
    refusals.count(reason)
    return errorAnswer(new PaidError(refusedStatus[reason]), headers)
  }

  const answer = (request: Request, server: Server): Response | Promise<Response> | undefined => {
    const start = request.url.indexOf('/', request.url.indexOf('//') + 2)
    const end = request.url.indexOf('?', start)
    const path = start < 0 ? '/' : request.url.slice(start, end < 0 ? undefined : end)
    const { wall, gate, scope, name } = entered

    const foreign = wall(request, path)
    if (foreign !== undefined) return refuse(foreign === 'host' || foreign === 'origin' ? foreign : 'site')
    if (request.url.length - start > limits.urlBytes) return refuse('url')

    const upgrading = request.headers.get('upgrade')?.toLowerCase() === 'websocket'
    const query = new URLSearchParams(end < 0 ? '' : request.url.slice(end + 1))
    if (gate && !openPaths.has(path)) {
      const shown = tokenOf(request, upgrading ? query : undefined)
      const verdict = gate.judge(shown, server.requestIP(request)?.address ?? '')
      if (verdict === 'refused') return refuse('token', { 'www-authenticate': 'Bearer realm="paid"' })
      if (verdict !== 'pass') return refuse('rate', { 'retry-after': String(Math.ceil(verdict.wait / 1000)) })
    }
    if (request.method === 'POST' && !isUnix && headerToken(request) === undefined && !isJson(request))
      return refuse('type')

    const peer = createPeer(peerName(name, request), scope)
    if (path === '/ws' || (path === '/' && upgrading))
      return webSockets.upgrade(request, server, { path, query, peer })
    const visit: Visit = {
      peer,
      hookPeer: createPeer('hook:claude', scope),
      path,
      query,
      keepOpen: () => server.timeout(request, 0),
    }
    return routes.fetch(request, visit)
  }

  const fetch = async (request: Request, server: Server): Promise<Response | undefined> => {
    try {
      return await answer(request, server)
    } catch (error) {
      return errorAnswer(asPaidError(error, house.logger, 'an HTTP request'))
    }
  }

  const mask = process.umask(0o177)
  const common = {
    development: false,
    maxRequestBodySize: limits.hookBodyBytes,
    fetch,
    error: (error: Error) => errorAnswer(asPaidError(error, house.logger, 'an HTTP request')),
    websocket: webSockets.handler,
  } as const
  const server: Server = isUnix
    ? Bun.serve<SocketData>({ ...common, unix: address.unix })
    : Bun.serve<SocketData>({
        ...common,
        hostname: address.host,
        port: address.port,
        idleTimeout: idleSeconds,
      })
  process.umask(mask)
  const port = server.port ?? 0
  entered = entrance(port)

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

const nameShape = /^[\w.@-]{1,64}$/

/** The caller's name: what the door knows, and what the caller claims, marked as unverified. */
const peerName = (known: string, request: Request): string => {
  const claimed = request.headers.get('x-paid-name')
  return claimed !== null && nameShape.test(claimed) ? `http:${claimed}?` : known
}
