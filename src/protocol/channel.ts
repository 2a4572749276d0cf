// Channels: where an event is posted. A name is any text up to 512 bytes without control characters; `session:<id>`
// and names of their own are anyone's to post to, the reserved prefixes are written by their rooms alone.
// A pattern is an exact name, or a prefix followed by one `*` at its end.

import { z } from 'zod'
import { limits } from './limits.ts'

export const reservedPrefixes = [
  'system:',
  'lock:',
  'job:',
  'webhook:',
  'action:',
  'rule:',
  'repo:',
  'machine:',
  'key:',
  'guard:',
] as const

export const sessionPrefix = 'session:'

/** The channel of events that name no session. */
export const defaultChannel = 'events'

// oxlint-disable-next-line no-control-regex -- control characters are exactly what it refuses
const controlCharacters = /[\u0000-\u001f\u007f]/

/**
 * A schema for a name of at most `maxBytes` bytes of UTF-8, at least one character, no control characters.
 * @param free bytes of a name that do not count
 */
export const nameOf = (what: string, maxBytes: number, free: (name: string) => number = () => 0) =>
  z
    .string({ error: `${what} must be a string` })
    .check(({ value, issues }) => {
      const wrong = wrongInName(value, maxBytes + free(value))
      if (wrong !== undefined) issues.push({ code: 'custom', input: value, message: `${what} ${wrong}` })
    })
    .meta({ minLength: 1, description: `1 to ${maxBytes} bytes, no control characters` })

export const isName = (text: unknown, maxBytes: number): text is string =>
  typeof text === 'string' && wrongInName(text, maxBytes) === undefined

// one look at a name instead of four: every event is asked twice
const wrongInName = (name: string, maxBytes: number): string | undefined => {
  if (name === '') return 'must not be empty'
  if (name.length * 3 > maxBytes && Buffer.byteLength(name) > maxBytes)
    return `is longer than ${maxBytes} bytes`
  if (controlCharacters.test(name)) return 'has control characters'
  if (!name.isWellFormed()) return 'has half of a character (a lone surrogate)'
  return undefined
}

export const channelName = nameOf('channel', limits.channelBytes)

/** `lock:` in front of the longest name of a lock is a channel too, which one may listen to. */
const reservedPart = (name: string): number =>
  reservedPrefixes.find((prefix) => name.startsWith(prefix))?.length ?? 0

export const channelPattern = nameOf('channel pattern', limits.channelBytes, reservedPart).refine(
  (pattern) => !pattern.slice(0, -1).includes('*'),
  'a pattern has one * at most, at its end',
)

export const isReserved = (channel: string): boolean =>
  reservedPrefixes.some((prefix) => channel.startsWith(prefix))

export const isPrefixPattern = (pattern: string): boolean => pattern.endsWith('*')

/** Whether a channel is one that a pattern means. */
export const matches = (pattern: string, channel: string): boolean =>
  isPrefixPattern(pattern) ? channel.startsWith(pattern.slice(0, -1)) : pattern === channel
