// HTTP as a test asks it: one call, the whole answer; or a stream, line by line.

import { z } from 'zod'
import { createInbox, type Inbox } from './inbox.ts'

export type Asking = {
  body?: unknown
  headers?: Record<string, string>
}

export type Answer = { status: number; headers: Headers; text: string; json: () => unknown }

export type Http = {
  get: (path: string, headers?: Record<string, string>) => Promise<Answer>
  /** an object is sent as JSON, a text or bytes as they are, both as `application/json` unless the headers say more */
  post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Answer>
  send: (method: string, path: string, asking?: Asking) => Promise<Answer>
  stream: (path: string, headers: Record<string, string>) => Promise<LineStream>
}

export type LineStream = AsyncDisposable & { status: number; headers: Headers; lines: Inbox<string> }

/** @param via a Unix socket to go through, a token to show */
export const createHttp = (url: string, via: { unix?: string; token?: string } = {}): Http => {
  const common: Record<string, string> =
    via.token === undefined ? {} : { authorization: `Bearer ${via.token}` }
  const options = (headers: Record<string, string> = {}) => ({
    headers: { ...common, ...headers },
    ...(via.unix !== undefined && { unix: via.unix }),
  })

  const send: Http['send'] = async (method, path, { body, headers } = {}) => {
    const raw = typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream
    const sent = body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }
    const answer = await fetch(`${url}${path}`, { method, ...options(headers), ...sent })
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, text, json: () => JSON.parse(text) }
  }

  return {
    send,
    get: (path, headers = {}) => send('GET', path, { headers }),
    post: (path, body, headers = {}) =>
      send('POST', path, { body, headers: { 'content-type': 'application/json', ...headers } }),
    stream: async (path, headers) => {
      const abort = new AbortController()
      const answer = await fetch(`${url}${path}`, { ...options(headers), signal: abort.signal })
      const lines = createInbox<string>()
      void readLines(answer.body, lines)
      return {
        status: answer.status,
        headers: answer.headers,
        lines,
        [Symbol.asyncDispose]: async () => abort.abort(),
      }
    },
  }
}

const readLines = async (body: ReadableStream<Uint8Array> | null, lines: Inbox<string>): Promise<void> => {
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for await (const chunk of body ?? []) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = parts.pop() ?? ''
      for (const part of parts) lines.push(part)
    }
    lines.end('The stream ended')
  } catch (error) {
    lines.end(`The stream broke (${String(error)})`)
  }
}

export type BusEvent = Record<string, unknown> & {
  id: string
  type: string
  metadata: Record<string, unknown>
}

const anyBusEvent = z.looseObject({
  id: z.string(),
  type: z.string(),
  timestamp: z.unknown(),
  metadata: z.record(z.string(), z.unknown()),
})

/** An event as the event bus gives it back; parsing keeps the order of its keys. */
export const busEvent = z.custom<BusEvent>(
  (value) => anyBusEvent.safeParse(value).success,
  'no event of the bus',
)

const busPage = z.strictObject({ events: z.array(busEvent), total: z.int(), next: z.string().optional() })

/** `GET /events` with this query; the answer must be a page. */
export const readPage = async (http: Http, query = ''): Promise<z.infer<typeof busPage>> => {
  const answer = await http.get(`/events${query}`)
  if (answer.status !== 200) throw new Error(`GET /events${query} was ${answer.status}: ${answer.text}`)
  return busPage.parse(answer.json())
}

/** Posts one event and gives its id. */
export const postEvent = async (http: Http, event: unknown): Promise<string> => {
  const answer = await http.post('/events', event)
  return z.strictObject({ ok: z.literal(true), eventId: z.string() }).parse(answer.json()).eventId
}

/** Posts events of these types, in a session or in none, and gives their ids. */
export const postMany = async (http: Http, types: readonly string[], session?: string): Promise<string[]> => {
  const metadata = session === undefined ? {} : { sessionId: session }
  const events = types.map((type) => ({ type, metadata }))
  const answer = await http.post('/events', events)
  return z.strictObject({ ok: z.literal(true), eventIds: z.array(z.string()) }).parse(answer.json()).eventIds
}
