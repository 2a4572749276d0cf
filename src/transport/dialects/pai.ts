// The PAI event bus's words: its events as they are posted and as they are read back.
//
// Three shapes come in: the documented `{type, timestamp, metadata}`; the deployed one, `{source_app, session_id,
// hook_event_type, payload, …}`; and Claude Code's own hook JSON (`hook_event_name`). All become one event: its payload
// is `data`, the sender's labels are `origin`. Read back, an event has `id type timestamp metadata`, and what the
// deployed shape's sender sent, as it was sent.
// Source: the PAI daemon's document and its deployed server.

import { PaidError } from '../../protocol/error.ts'
import { defaultChannel, sessionPrefix } from '../../protocol/channel.ts'
import type { NewEvent } from '../../protocol/events.ts'
import { limits } from '../../protocol/limits.ts'
import { type Fields, isFields } from '../../lib/fields.ts'
import type { LogEvent } from '../../core/log-event.ts'

const typeKeys = ['type', 'hook_event_type', 'hook_event_name', 'payload']

/**
 * Keys that say something about the event, not what happened; kept in `origin` as sent. The last two are the daemon's
 * own to give: a sender's are kept and never shown as ours.
 */
const labels = new Set([
  'source_app',
  'session_id',
  'hook_event_type',
  'client_name',
  'timestamp',
  'timestamp_local',
  'id',
  'received_at',
])
/** Any of these makes it the deployed shape. */
const deployed = ['source_app', 'hook_event_type', 'payload', 'client_name', 'timestamp_local']

/** One posted event. Throws `bad_request` naming what is wrong. */
export const decodeEvent = (body: unknown): NewEvent => {
  if (!isFields(body) || !typeKeys.some((key) => Object.hasOwn(body, key)))
    throw new PaidError(
      'bad_request',
      'An event is an object with a type',
      'Send {"type":"…","timestamp":"…","metadata":{…}}.',
    )
  if (
    Object.hasOwn(body, 'hook_event_name') &&
    !body['type'] &&
    !Object.hasOwn(body, 'hook_event_type') &&
    !Object.hasOwn(body, 'payload')
  )
    return { type: textOf('hook_event_name', body), channel: channelOf(body, body), data: body }

  const { payload, metadata } = body
  const hasPayload = Object.hasOwn(body, 'payload')
  if (!hasPayload && metadata !== undefined && metadata !== null && !isFields(metadata))
    throw new PaidError('bad_request', 'metadata must be an object')
  const data = hasPayload ? payload : (metadata ?? {})
  const event: NewEvent = { type: typeOf(body), channel: channelOf(body, data), data }
  const origin = originOf(body, hasPayload)
  if (origin) event.origin = origin
  const occurredAt = instantOf(body['timestamp'])
  if (occurredAt !== undefined) event.occurredAt = occurredAt
  return event
}

const typeOf = (body: Fields): string =>
  textOf('type', body) || textOf('hook_event_type', body) || textOf('hook_event_name', body) || 'unknown'

/** What is kept besides the payload; undefined when the sender said nothing else. */
const originOf = (body: Fields, hasPayload: boolean): Fields | undefined => {
  let origin: Fields | undefined
  let rest: Fields | undefined
  for (const key of Object.keys(body)) {
    if (key === 'type' || key === 'payload' || (key === 'metadata' && !hasPayload)) continue
    if (labels.has(key)) put((origin ??= {}), key, body[key])
    else put((rest ??= {}), key, body[key])
  }
  const { payload } = body
  // the deployed server takes the whole body for the payload when that is empty, 0 or false
  if (hasPayload && !payload) (origin ??= {})['payload'] = body
  if (isFields(payload) && payload['client_name'] && !origin?.['client_name'])
    (origin ??= {})['client_name'] = payload['client_name']
  if (deployed.some((key) => Object.hasOwn(body, key)))
    (origin ??= {})['shape'] = hasPayload ? 'payload' : 'flat'
  if (rest) (origin ??= {})['rest'] = rest
  return origin
}

/** An event as its readers know it, as JSON text. */
export const encodeEvent = (event: LogEvent): string => {
  const id = event.seq > 0 ? `"id":"${event.id}",` : ''
  const type = JSON.stringify(event.type)
  const { origin } = event
  if (!origin)
    return `{${id}"type":${type},"timestamp":"${isoOf(event)}","metadata":${metadataText(event, undefined)}}`
  const timestamp = Object.hasOwn(origin, 'timestamp')
    ? JSON.stringify(origin['timestamp'])
    : `"${isoOf(event)}"`
  const metadata = metadataText(event, origin['rest'])
  const shape = origin['shape']
  const sent = (key: string) => (Object.hasOwn(origin, key) ? `"${key}":${JSON.stringify(origin[key])},` : '')
  if (shape === undefined)
    return `{${id}"type":${type},"timestamp":${timestamp},"metadata":${metadata}${trailing(sent('session_id'))}}`
  const payload =
    shape === 'payload'
      ? `"payload":${Object.hasOwn(origin, 'payload') ? JSON.stringify(origin['payload']) : event.dataText},`
      : ''
  return (
    `{${id}${sent('source_app')}${sent('session_id')}${sent('hook_event_type')}${sent('client_name')}${payload}` +
    `"timestamp":${timestamp},${sent('timestamp_local')}"received_at":${event.at},"type":${type},"metadata":${metadata}}`
  )
}

/** The frame that a follower of /ws gets. */
export const encodeFrame = (event: LogEvent): string => `{"type":"event","data":${encodeEvent(event)}}`

const trailing = (member: string): string => (member === '' ? '' : `,${member.slice(0, -1)}`)

const isoOf = (event: LogEvent): string => new Date(event.occurredAt ?? event.at).toISOString()

/** The payload, with what stood beside it; one that is no object is `{"payload":…}`. */
const metadataText = (event: LogEvent, rest: unknown): string => {
  const { dataText } = event
  const isObject = dataText.startsWith('{')
  if (!isFields(rest)) return isObject ? dataText : `{"payload":${dataText}}`
  const data: unknown = event.data
  return JSON.stringify({ ...(isFields(data) ? data : { payload: data }), ...rest })
}

/** Sets the key whatever it is called: plainly assigning `__proto__` would set a prototype. */
const put = (fields: Fields, key: string, value: unknown): void => {
  if (key !== '__proto__') fields[key] = value
  else Object.defineProperty(fields, key, { value, enumerable: true, configurable: true, writable: true })
}

/** The text of a key; '' when it is absent or empty in JavaScript's sense, as the deployed server has it. */
const textOf = (key: string, body: Fields): string => {
  const value = Object.hasOwn(body, key) ? body[key] : undefined
  if (!value) return ''
  if (typeof value !== 'string') throw new PaidError('bad_request', `${key} must be a string`)
  return value
}

/** `session:<id>` when the event names a session, else the default channel. */
export const channelOf = (body: Fields, data: unknown): string => {
  const session =
    isFields(data) && typeof data['sessionId'] === 'string' && data['sessionId']
      ? data['sessionId']
      : body['session_id']
  if (typeof session !== 'string' || session === '') return defaultChannel
  if (Buffer.byteLength(session) > limits.sessionIdBytes)
    throw new PaidError('bad_request', `the session's id is longer than ${limits.sessionIdBytes} bytes`)
  return `${sessionPrefix}${session}`
}

/** Epoch milliseconds of a timestamp in either shape; undefined when it cannot be read. */
const instantOf = (timestamp: unknown): number | undefined => {
  const instant =
    typeof timestamp === 'number'
      ? Math.trunc(timestamp)
      : typeof timestamp === 'string'
        ? Date.parse(timestamp)
        : NaN
  return Number.isSafeInteger(instant) && Math.abs(instant) <= 8.64e15 ? instant : undefined
}
