// One event, one line: time, session, type, the telling part. Aligned whatever comes, cut at the edge of a terminal,
// whole when it goes to a file.

import type { Event } from '../protocol/event.ts'
import { tellingPart } from './telling.ts'
import { clip, fit, visible } from './visible.ts'

export type LineStyle = {
  colours: boolean
  /** with the day */
  dated: boolean
  /** columns of the terminal; undefined when there is none */
  width: number | undefined
}

/** Titles of sessions by id. */
export type SessionNames = Map<string, string>

const sessionWidth = 12
const typeWidth = 18
const shortId = 8

export const eventLine = (
  event: Event,
  names: SessionNames,
  { colours, width, dated }: LineStyle,
): string => {
  const at = clock(event.occurredAt ?? event.at, dated)
  const where = fit(visible(placeOf(event, names)), sessionWidth)
  const type = fit(visible(event.type), typeWidth)
  const told = visible(tellingPart(event.type, event.data))
  const before = at.length + sessionWidth + typeWidth + 6
  const cut = width === undefined ? told : clip(told, Math.max(0, width - before))
  if (!colours) return `${at}  ${where}  ${type}  ${cut}`.trimEnd()
  return `${paint(2, at)}  ${paint(36, where)}  ${paint(colourOf(event.type), type)}  ${cut}`.trimEnd()
}

/** Remembers what an event says of its session's name, as the daemon does. */
export const learnName = (event: Event, names: SessionNames): void => {
  const session = sessionOf(event)
  if (session === undefined) return
  const title = fieldOf(event.data, 'session_title')
  const prompt = event.type === 'UserPromptSubmit' ? fieldOf(event.data, 'prompt') : undefined
  if (title) names.set(session, title)
  else if (prompt && !names.has(session)) names.set(session, prompt.split('\n', 1)[0] ?? '')
}

const fieldOf = (data: unknown, name: string): string | undefined => {
  if (typeof data !== 'object' || data === null) return undefined
  const value: unknown = Reflect.get(data, name)
  return typeof value === 'string' ? value : undefined
}

const sessionOf = ({ channel }: Event): string | undefined =>
  channel.startsWith('session:') ? channel.slice('session:'.length) : undefined

const placeOf = (event: Event, names: SessionNames): string => {
  const session = sessionOf(event)
  if (session === undefined) return event.channel === 'events' ? '-' : event.channel
  return names.get(session) || session.slice(0, shortId)
}

const two = (part: number): string => String(part).padStart(2, '0')

/** local time, and the day where lines of several days stand together */
const clock = (ms: number, dated: boolean): string => {
  const at = new Date(ms)
  if (Number.isNaN(at.getTime())) return '?'.repeat(dated ? 19 : 8)
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  return dated ? `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}` : time
}

const paint = (code: number, text: string): string => `\u001b[${code}m${text}\u001b[0m`

const colourOf = (type: string): number => {
  if (/fail|error|denied/i.test(type)) return 31
  if (/permission|notification|elicitation/i.test(type)) return 33
  if (/tool/i.test(type)) return 34
  if (/prompt|stop|message/i.test(type)) return 32
  return 35
}
