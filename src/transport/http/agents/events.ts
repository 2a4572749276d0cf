// What was posted for an agent: as JSON, or followed as Server-Sent Events; and what it has dealt with.

import { type Cursor, isIsoTime, seqOfId } from '../../../protocol/event.ts'
import { limits } from '../../../protocol/limits.ts'
import type { LogEvent } from '../../../core/log-event.ts'
import { eventAnswer } from '../../dialects/orchestrator/agent-answers.ts'
import { bodies } from '../../dialects/orchestrator/agent-bodies.ts'
import { openStream, type StreamForm } from '../stream.ts'
import { type Asked, type Ground, type Methods, read, type Route, said } from './route.ts'

/** how far back events are read that nobody gave a cursor for */
const recentMs = 5 * 60_000

/** Where reading begins: an event's id or a time; undefined for what is neither. */
const sinceOf = ({ request, query }: Asked): Cursor | undefined => {
  const given = request.headers.get('last-event-id') || query.get('since')
  if (given === null || given === '') return new Date(Date.now() - recentMs).toISOString()
  if (seqOfId(given) !== undefined) return given
  const at = Date.parse(given)
  if (Number.isNaN(at)) return undefined
  const time = new Date(at).toISOString()
  return isIsoTime(time) ? time : undefined
}

/** As Server-Sent Events; each is what a reader of JSON gets. */
const stream: StreamForm = {
  contentType: 'text/event-stream; charset=utf-8',
  encode: (event: LogEvent) => {
    const told = eventAnswer(event.seq > 0 ? event : { ...pick(event), id: undefined })
    return `${event.seq > 0 ? `id: ${event.id}\n` : ''}event: ${event.type}\ndata: ${JSON.stringify(told)}\n\n`
  },
  lagged: (seq) => `event: lagged\ndata: {"since":"evt_${seq}"}\n\n`,
  hello: ': connected\n\n',
  keepAlive: ': keepalive\n\n',
}
const pick = ({ type, data, at }: LogEvent) => ({ type, data, at })

export const eventRoutes = ({ dispatch, peer, streams, onLagged }: Ground): Record<string, Methods> => {
  const events: Route = {
    shape: 'flat',
    answer: async (asked) => {
      const { token, request, keepOpen } = asked
      const since = sinceOf(asked)
      if (request.headers.get('accept')?.includes('text/event-stream') && request.method === 'GET') {
        const { by, scope } = peer
        const response = await openStream(stream, { by, scope, streams, onLagged }, (reader) =>
          dispatch(reader, 'agent.follow', { token, ...(since !== undefined && { since }) }),
        )
        keepOpen()
        return response
      }
      const { events: found } = await dispatch(peer, 'agent.events', {
        token,
        ...(since !== undefined && { since }),
        limit: since === undefined ? 1 : limits.pageEvents,
      })
      return said({ events: since === undefined ? [] : found.map(eventAnswer) })
    },
  }

  const acknowledge: Route = {
    shape: 'flat',
    answer: async (asked) => {
      const { token } = asked
      await dispatch(peer, 'agent.get', { token })
      const { eventIds } = await read(bodies.acknowledge, asked, 'Event IDs required')
      await dispatch(peer, 'agent.acknowledge', { token, events: eventIds })
      return said({ success: true, acknowledged: eventIds.length })
    },
  }

  return { '/events': { GET: events, DELETE: acknowledge } }
}
