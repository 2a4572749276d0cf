// Which events somebody wants: channels by exact name or prefix*, a type, a namespace. With no channel named, what was
// posted and what sessions did; the daemon's own affairs only when a pattern names them or `all` asks for them.

import { isPrefixPattern, matches, sessionPrefix } from '../protocol/channel.ts'
import type { EventFilter } from '../protocol/events.ts'
import type { LogEvent } from './log-event.ts'

/** A channel by its whole name, or all whose names begin so. */
export type Pattern = { readonly name: string; readonly prefix: boolean }

export type Filter = {
  readonly namespace: string
  /** undefined: every channel that is not reserved */
  readonly patterns: readonly Pattern[] | undefined
  readonly type: string | undefined
}

/** A call's filter. `session` narrows to its channel: no channel named beside it that means it, and nothing is heard. */
export const filterOf = (namespace: string, wanted: EventFilter): Filter => {
  const asked = wanted.channel === undefined ? undefined : [wanted.channel].flat()
  const { type } = wanted
  if (wanted.session === undefined)
    return { namespace, patterns: (asked ?? (wanted.all === true ? ['*'] : undefined))?.map(patternOf), type }
  const own = `${sessionPrefix}${wanted.session}`
  const meant = asked === undefined || asked.some((pattern) => matches(pattern, own))
  // a session's id is a name, whatever it ends in
  return { namespace, patterns: meant ? [{ name: own, prefix: false }] : [], type }
}

const patternOf = (text: string): Pattern =>
  isPrefixPattern(text) ? { name: text.slice(0, -1), prefix: true } : { name: text, prefix: false }

/** Whether an event of the right channel is also of the right type and kind. */
export const accepts = (filter: Filter, event: LogEvent): boolean =>
  (filter.type === undefined || filter.type === event.type) &&
  (filter.patterns !== undefined || !event.reserved)

/**
 * The SQL condition on rows of `streams s`, with its parameters.
 * A prefix is a range of names: SQLite compares text by its UTF-8 bytes, which is the order of code points.
 */
export const streamsWhere = (filter: Filter): { sql: string; values: string[] } => {
  const values = [filter.namespace]
  let sql = 's.namespace = +?'
  if (filter.type !== undefined) {
    sql += ' AND s.type = +?'
    values.push(filter.type)
  }
  if (!filter.patterns) return { sql: `${sql} AND s.reserved = 0`, values }
  if (filter.patterns.some(({ name, prefix }) => prefix && name === '')) return { sql, values }
  if (filter.patterns.length === 0) return { sql: `${sql} AND 0`, values }
  const channels = filter.patterns.map(({ name, prefix }) => {
    values.push(name)
    if (!prefix) return 's.channel = +?'
    const end = prefixEnd(name)
    if (end === undefined) return 's.channel >= +?'
    values.push(end)
    return '(s.channel >= +? AND s.channel < +?)'
  })
  return { sql: `${sql} AND (${channels.join(' OR ')})`, values }
}

/** The first text after every text that begins with `prefix`; undefined when there is none. */
export const prefixEnd = (prefix: string): string | undefined => {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0)
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue
    const next = last === 0xd7ff ? 0xe000 : last + 1
    return String.fromCodePoint(...points, next)
  }
  return undefined
}
