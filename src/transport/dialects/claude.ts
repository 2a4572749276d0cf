// Claude Code's hook JSON: one event on the session's channel, its type the hook's own name, known or not.
// A hook's body may hold a file twice; a string over the limit is kept as its beginning and its end, and
// `origin.truncated` says which and how long it was.
// Source: Claude Code's hooks reference; payloads as seen from 2.1.329.

import { PaidError } from '../../protocol/error.ts'
import type { NewEvent } from '../../protocol/events.ts'
import { limits } from '../../protocol/limits.ts'
import type { IsExcluded } from '../../lib/exclude.ts'
import { withholdContents } from './claude-withheld.ts'
import { parseJson } from './json.ts'
import { isFields } from '../../lib/fields.ts'
import { channelOf } from './pai.ts'

type Truncated = { path: string; bytes: number }

/** The event in a hook's JSON text, without contents of excluded files. Throws `invalid_json`, and `bad_request` for what is no hook. */
export const decodeHook = (
  text: string,
  occurredAt: number | undefined,
  isExcluded: IsExcluded,
): NewEvent => {
  const body = parseJson(text)
  const type = isFields(body) ? body['hook_event_name'] : undefined
  if (!isFields(body) || typeof type !== 'string' || type === '')
    throw new PaidError(
      'bad_request',
      'A hook is an object with hook_event_name',
      'Send the JSON that Claude Code gives a hook on stdin.',
    )
  withholdContents(body, isExcluded)
  const truncated: Truncated[] = []
  const data = text.length * 3 <= limits.hookStringBytes ? body : shortenAll(body, truncated)
  return {
    type,
    channel: channelOf(body, undefined),
    data,
    ...(truncated.length > 0 && { origin: { truncated } }),
    ...(occurredAt !== undefined && { occurredAt }),
  }
}

const shortenAll = (body: unknown, truncated: Truncated[]): unknown => {
  try {
    return shorten(body, '', truncated)
  } catch (error) {
    if (error instanceof RangeError) throw new PaidError('bad_request', 'The JSON is nested too deep')
    throw error
  }
}

/** The value with its long strings cut; the very same value when there are none. */
const shorten = (value: unknown, path: string, truncated: Truncated[]): unknown => {
  if (typeof value === 'string') return shortenText(value, path, truncated)
  if (typeof value !== 'object' || value === null) return value
  const at = (key: string) => (path === '' ? key : `${path}.${key}`)
  if (Array.isArray(value)) return value.map((item, n) => shorten(item, at(String(n)), truncated))
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, shorten(item, at(key), truncated)]),
  )
}

const shortenText = (text: string, path: string, truncated: Truncated[]): string => {
  // a character is three bytes at most for each unit of length
  if (text.length * 3 <= limits.hookStringBytes) return text
  const bytes = Buffer.from(text)
  if (bytes.length <= limits.hookStringBytes) return text
  truncated.push({ path, bytes: bytes.length })
  const kept = limits.hookStringKeptBytes
  const left = bytes.length - 2 * kept
  const head = bytes.subarray(0, characterStart(bytes, kept)).toString('utf8')
  const tail = bytes.subarray(characterStart(bytes, bytes.length - kept)).toString('utf8')
  return `${head}\n… ${left} of ${bytes.length} bytes left out …\n${tail}`
}

/** The nearest place at or before `at` where a character begins. */
const characterStart = (bytes: Buffer, at: number): number => {
  let start = at
  while (start > 0 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start--
  return start
}
