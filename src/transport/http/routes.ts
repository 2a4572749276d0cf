// The paths and what they answer. Each route reads its request into a call and puts the result into its dialect's
// words; nothing is decided here that another door would decide again.

import { Hono } from 'hono'
import { PaidError } from '../../protocol/error.ts'
import type { Params } from '../../protocol/api.ts'
import { asPaidError } from '../../core/dispatch.ts'
import { LogEvent } from '../../core/log-event.ts'
import { createPeer, endPeer } from '../../core/peer.ts'
import { parseJson } from '../dialects/json.ts'
import { isFields } from '../../lib/fields.ts'
import { decodeEvent, encodeEvent } from '../dialects/pai.ts'
import type { News } from '../orchestrator/news.ts'
import type { Refusals } from '../refusals.ts'
import { errorAnswer, jsonOk, jsonText } from './answer.ts'
import { bodyError, readBody } from './body.ts'
import { openApiOf } from './openapi.ts'
import { happyPaths } from './happy.ts'
import { healthIn } from './health.ts'
import { createHookRoute } from './hooks.ts'
import { batchOf, callerOf, keyOf } from './posted.ts'
import { listParams, queryOf, subscribeParams, type Query } from './query.ts'
import { createReported } from './happy/reported.ts'
import type { House, Methods, Visit } from './route.ts'
import { sessionPaths } from './sessions.ts'
import { eventStream, jsonLines, openStream, type StreamForm } from './stream.ts'

type Env = { Bindings: Visit }
type Ingest = (request: Request, visit: Visit) => Promise<Response>

export type Routes = {
  answer: (request: Request, path: string, visit: Visit) => Response | Promise<Response>
  /** whether a path has an answer of its own; any other is free for WebSockets */
  has: (path: string) => boolean
}

export const createRoutes = (house: House, refusals: Refusals, news: News): Routes => {
  const app = new Hono<Env>()
  const { dispatch } = house
  const taken: RegExp[] = []

  /** One path: its handlers, HEAD as GET, and 405 with Allow for the rest. */
  const at = (path: string, methods: Methods): void => {
    taken.push(new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`))
    const allow = Object.keys(methods).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    app.all(path, (c) => {
      const { method } = c.req
      const handler = isTaken(method) ? methods[method] : undefined
      if (!handler) return errorAnswer(new PaidError('method_not_allowed'), { allow: allow.join(', ') })
      return handler(c.req.raw, c.env, c.req.param('method') ?? c.req.param('id') ?? '')
    })
  }

  const failure = (thrown: unknown): Response => {
    const error = asPaidError(bodyError(thrown) ?? thrown, house.logger, 'an HTTP request')
    if (error.code === 'too_large') refusals.count('size')
    if (error.code === 'unsupported_media_type') refusals.count('type')
    return errorAnswer(error)
  }

  const postEvents: Ingest = async (request, { peer }) => {
    const body = parseJson(await readBody(request, house.maxBody))
    if (body === null) throw new PaidError('invalid_json')
    const key = keyOf(request)
    if (!Array.isArray(body)) {
      const event = decodeEvent(body)
      const params: Params<'event.publish'> = key ? { ...event, ...key } : event
      const { ids } = await dispatch(callerOf(request, peer), 'event.publish', params)
      return jsonOk(`{"ok":true,"eventId":"${ids[0] ?? ''}"}`)
    }
    const events = batchOf(body)
    const { ids } = await dispatch(callerOf(request, peer), 'event.publish', { events, ...key })
    return jsonOk(`{"ok":true,"eventIds":${JSON.stringify(ids)}}`)
  }

  const postHook: Ingest = createHookRoute(house)

  const postCommit: Ingest = async (request, { hookPeer }) => {
    const made = parseJson(await readBody(request, house.maxBody))
    const peer = createPeer('hook:git', hookPeer.scope)
    await dispatch(callerOf(request, peer), 'commit.record', made)
    return jsonOk('{}')
  }

  // what hooks and senders call all day goes past the router
  const direct = new Map([
    ['/events', postEvents],
    ['/hooks/claude', postHook],
    ['/hooks/git', postCommit],
  ])

  at('/events', {
    POST: postEvents,
    GET: async (request, visit) => {
      const { follow, ...query } = queryOf(new URLSearchParams(visit.search))
      const accept = request.headers.get('accept') ?? ''
      const form = accept.includes('text/event-stream')
        ? eventStream
        : accept.includes('ndjson')
          ? jsonLines
          : undefined
      if (form && (follow ?? form === eventStream)) return followed(request, visit, form, query)
      const { events, next } = await dispatch(visit.peer, 'event.list', listParams(query))
      const logged = events.filter((event) => event instanceof LogEvent)
      if (form)
        return new Response(logged.map(form.encode).join(''), {
          headers: { 'content-type': form.contentType },
        })
      const texts = logged.map(encodeEvent)
      return jsonText(
        `{"events":[${texts.join(',')}],"total":${texts.length}${next === undefined ? '' : `,"next":"${next}"`}}`,
      )
    },
  })

  at('/hooks/claude', { POST: postHook })
  at('/hooks/git', { POST: postCommit })

  at('/health', {
    GET: (_request, { dialect }) => jsonText(healthIn(dialect, house)),
  })

  at('/ready', {
    GET: () => {
      const ready = house.ready()
      return jsonText(JSON.stringify({ ready, version: house.version }), ready ? 200 : 503)
    },
  })

  at('/version', {
    GET: () =>
      jsonText(
        JSON.stringify({
          name: 'pai-daemon',
          version: house.version,
          buildTime: house.buildTime,
          runtime: 'bun',
          runtimeVersion: Bun.version,
        }),
      ),
  })

  at('/stats', {
    GET: async (_request, { peer }) => {
      const { log } = await dispatch(peer, 'system.status', {})
      return jsonText(
        JSON.stringify({
          totalEvents: log.events,
          wsClients: house.webSockets(),
          eventTypes: log.types,
          sessions: log.sessions,
        }),
      )
    },
  })

  at('/methods', {
    GET: async (_request, { peer }) => jsonText(JSON.stringify(await dispatch(peer, 'system.methods', {}))),
  })

  at('/openapi.json', {
    GET: async (_request, { peer }) =>
      jsonText(JSON.stringify(openApiOf(await dispatch(peer, 'system.methods', {}), house.version))),
  })

  at('/call/:method', {
    POST: async (request, visit, method) => {
      const text = await readBody(request, house.maxBody)
      const params = text.trim() === '' ? {} : parseJson(text)
      const keyed = isFields(params) ? { ...keyOf(request), ...params } : params
      // a call may wait, and what waits ends with its request
      const { by, scope, namespace, cause } = callerOf(request, visit.peer)
      const peer = createPeer(by, scope, namespace, undefined, cause)
      const end = (): void => endPeer(peer)
      request.signal.addEventListener('abort', end)
      visit.keepOpen()
      try {
        return jsonText(JSON.stringify({ ok: true, result: await dispatch(peer, method, keyed) }))
      } finally {
        request.signal.removeEventListener('abort', end)
        end()
      }
    },
  })

  const followed = async (
    request: Request,
    visit: Visit,
    form: StreamForm,
    query: Query,
  ): Promise<Response> => {
    const { limit, replay, ...filter } = query
    const newest = replay ?? listParams(limit === undefined ? {} : { limit }).limit
    const since = request.headers.get('last-event-id') || query.since
    const params = subscribeParams({
      ...filter,
      ...(since === undefined ? { replay: newest } : { since }),
    })
    visit.keepOpen()
    const { by, scope } = visit.peer
    return openStream(form, { by, scope, streams: house.streams, onLagged: house.onLagged }, (peer) =>
      dispatch(peer, 'event.subscribe', params),
    )
  }

  const reported = createReported(dispatch)
  const { maxBody } = house
  const others = {
    ...sessionPaths({ dispatch, maxBody, news, reported }),
    ...happyPaths({ dispatch, maxBody, reported }),
  }
  for (const [path, methods] of Object.entries(others)) at(path, methods)

  app.notFound(() => errorAnswer(new PaidError('not_found')))
  app.onError(failure)

  return {
    answer: (request, path, visit) => {
      const handler = request.method === 'POST' ? direct.get(path) : undefined
      if (handler) return handler(request, visit).catch(failure)
      // Bun answers a HEAD with the headers of what it is given, and cancels a stream; Hono would leave that one open
      return app.fetch(request.method === 'HEAD' ? new Request(request, { method: 'GET' }) : request, visit)
    },
    has: (path) => taken.some((pattern) => pattern.test(path)),
  }
}

const isTaken = (method: string): method is keyof Methods =>
  method === 'GET' || method === 'POST' || method === 'DELETE'
