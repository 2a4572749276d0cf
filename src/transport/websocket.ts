// THE WEBSOCKET DOOR: Bun.serve's own WebSockets, so that drain and back-pressure are ours.
// `/ws` speaks the event bus: its first frame is the first event, `{"type":"ping"}` is answered, and what it does not
// know it ignores. Every other path greets, and speaks the orchestrator's words and photon's. Every path takes native
// calls. Promises: a bad frame gets an error frame and harms nobody; a reader that stops reading keeps a bounded backlog
// and its connection.

import type { Parsed } from '../protocol/api.ts'
import { PaidError } from '../protocol/error.ts'
import { limits } from '../protocol/limits.ts'
import type { Bus } from '../core/bus.ts'
import type { Dispatch } from '../core/dispatch.ts'
import type { Peer } from '../core/peer.ts'
import { createAdmission, type Admission, type Judge } from './admission.ts'
import { createConnection, type Connection, type Words } from './connection.ts'
import { goodbyeCode, goodbyeText, greeting } from './dialects/orchestrator/frames.ts'
import { noMoreConnections, tokenOver, tokenOverCode } from './dialects/orchestrator/refusals.ts'
import { parseJson } from './dialects/json.ts'
import { isFields } from '../lib/fields.ts'
import { encodeFrame } from './dialects/pai.ts'
import { agentPeer, type Guest } from './http/agents/entering.ts'
import { queryOf, subscribeParams } from './http/query.ts'
import { createOrchestrator, type Orchestrator } from './orchestrator.ts'
import { createNews } from './orchestrator/news.ts'
import { createPhoton, type Photon } from './photon.ts'
import type { Refusals } from './refusals.ts'
import { type Draining, writeFrames } from './websocket-frames.ts'

export type SocketData = Draining & {
  path: string
  peer: Peer
  /** what a `/ws` follows from its first moment */
  subscribe: Parsed<'event.subscribe'> | undefined
  /** of one that shows its token in its first frame */
  judge: Judge | undefined
  admission: Admission | undefined
  /** the agent that came in with the token of its login */
  guest: Guest | undefined
  /** asked for by `?compat=web` */
  web: boolean
  caller: Caller | undefined
}

type Caller = { connection: Connection; spoken: Spoken | undefined }

/** what is spoken on every path but `/ws`, besides native calls; an agent has neither those nor photon */
type Spoken = { photon: Photon | undefined; orchestrator: Orchestrator }

type Socket = Bun.ServerWebSocket<SocketData>

const paiWords: Words = {
  event: (event) => event.frame(encodeFrame),
  lagged: (_subscription, seq) =>
    JSON.stringify({ type: 'subscription.lagged', data: { since: `evt_${seq}` } }),
}

/** one frame may always pass Bun's own buffer; ours is bounded long before */
const bunBufferBytes = 4 * limits.webSocketMessageBytes

export type WebSockets = ReturnType<typeof createWebSockets>

export const createWebSockets = ({
  dispatch,
  bus,
  refusals,
  onLagged,
}: {
  dispatch: Dispatch
  bus: Bus
  refusals: Refusals
  onLagged: () => void
}) => {
  const open = new Set<Socket>()
  const news = createNews(dispatch, bus)
  let waiting = 0

  const handler: Bun.WebSocketHandler<SocketData> = {
    maxPayloadLength: limits.webSocketMessageBytes,
    backpressureLimit: bunBufferBytes,
    idleTimeout: 120,
    sendPings: true,
    perMessageDeflate: false,

    open(socket) {
      open.add(socket)
      const { judge } = socket.data
      if (judge) wait(socket, judge)
      else begin(socket)
    },

    message(socket, message) {
      const { admission, caller } = socket.data
      if (admission) admission.take(message)
      else if (caller) receive(caller, typeof message === 'string' ? message : message.toString('utf8'))
    },

    drain(socket) {
      if (socket.getBufferedAmount() === 0) socket.data.caller?.connection.outbox.drained()
    },

    close(socket) {
      open.delete(socket)
      leave(socket)
      socket.data.guest?.end()
      socket.data.caller?.connection.end()
      socket.data.caller?.spoken?.orchestrator.end()
      socket.data.caller = undefined
    },
  }

  const wait = (socket: Socket, judge: Judge): void => {
    waiting++
    const admit = (guest: Guest | undefined, early: readonly (string | Buffer)[]): void => {
      leave(socket)
      if (guest) {
        socket.data.guest = guest
        socket.data.peer = agentPeer(guest)
      }
      begin(socket)
      const { caller } = socket.data
      for (const frame of early) if (caller) receive(caller, frame.toString('utf8'))
    }
    const close = (code: number, reason: string): void => {
      leave(socket)
      socket.close(code, reason)
    }
    socket.data.admission = createAdmission({ judge, admit, close })
  }

  /** It waits no more. */
  const leave = ({ data }: Socket): void => {
    if (!data.admission) return
    waiting--
    data.admission.end()
    data.admission = undefined
  }

  const begin = (socket: Socket): void => {
    const { peer, subscribe, guest } = socket.data
    const connection = createConnection({
      dispatch,
      by: peer.by,
      scope: peer.scope,
      write: (frames) => writeFrames(socket, frames, () => socket.data.caller?.connection.outbox),
      pause: (paused) => {
        if (paused) socket.pause()
        else socket.resume()
      },
      onLagged,
    })
    const isBus = socket.data.path === '/ws'
    socket.data.caller = {
      connection,
      spoken: isBus
        ? undefined
        : {
            photon: guest ? undefined : createPhoton(connection, dispatch),
            orchestrator: createOrchestrator(connection, dispatch, news, socket.data.web),
          },
    }
    // at once, so that it arrives with the answer to the upgrade: some look for it in no other place
    if (!isBus) socket.send(greeting)
    guest?.onOver((expired) => {
      const { frame, reason } = tokenOver(expired)
      socket.send(frame)
      socket.close(tokenOverCode, reason)
    })
    if (subscribe)
      dispatch(connection.peerIn(paiWords), 'event.subscribe', subscribe).catch(() =>
        socket.close(1011, 'The log cannot be read'),
      )
  }

  return {
    handler,
    /** of sessions, for who orders them over HTTP */
    news,
    get size(): number {
      return open.size
    },
    /** Answers an upgrade: undefined when it was done. Throws `bad_request` for a filter that is not valid. */
    upgrade: (
      request: Request,
      server: Bun.Server<SocketData>,
      {
        path,
        query,
        peer,
        judge,
        guest,
      }: {
        path: string
        query: URLSearchParams
        peer: Peer
        judge?: Judge | undefined
        guest?: Guest
      },
    ): Response | undefined => {
      if (open.size >= limits.connections) {
        refusals.count('connections')
        const why =
          path === '/ws' ? `There are ${limits.connections} WebSockets open already` : noMoreConnections
        throw new PaidError('too_many_requests', why)
      }
      if (judge && waiting >= limits.webSocketsWithoutToken) {
        refusals.count('connections')
        throw new PaidError('too_many_requests', `${waiting} WebSockets have not shown their token yet`)
      }
      const { follow: _follow, limit: _limit, ...filter } = queryOf(query)
      const subscribe = path === '/ws' ? subscribeParams(filter) : undefined
      if (
        server.upgrade(request, {
          data: {
            path,
            peer: { ...peer, by: peer.by.replace(/^http:/, 'ws:') },
            subscribe,
            web: query.get('compat') === 'web',
            judge,
            admission: undefined,
            guest,
            caller: undefined,
          },
        })
      )
        return undefined
      return new Response('WebSocket upgrade failed', {
        status: 400,
        headers: { 'content-type': 'text/plain' },
      })
    },
    /** Tells those who would wait for it that the daemon stops. */
    goodbye: (): void => {
      for (const { data } of open) data.caller?.spoken?.photon?.goodbye()
    },
    /** Closes all of them. */
    closeAll: (): void => {
      for (const socket of open) socket.close(socket.data.path === '/ws' ? 1001 : goodbyeCode, goodbyeText)
    },
  }
}

const receive = ({ connection, spoken }: Caller, text: string): void => {
  let frame: unknown
  try {
    frame = parseJson(text)
    if (frame === null) throw new PaidError('invalid_json')
  } catch (thrown) {
    const error = thrown instanceof PaidError ? thrown : new PaidError('internal')
    if (spoken) spoken.orchestrator.refuse(error)
    else
      connection.take(
        JSON.stringify({ type: 'error', error: error.message, code: error.code, hint: error.hint }),
      )
    return
  }
  const isAgent = spoken && !spoken.photon
  if (!isAgent && (spoken?.photon?.take(frame) || connection.call(frame))) return spoken?.orchestrator.yield()
  if (spoken) spoken.orchestrator.take(frame)
  else if (isFields(frame) && frame['type'] === 'ping') connection.take('{"type":"pong"}')
}
