// JSON text from outside, as JavaScript's own parser reads it; a byte order mark in front is passed over.

import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import { isDeeper } from '../../lib/json-depth.ts'

const byteOrderMark = 0xfeff

/** Throws `invalid_json`, and `bad_request` for what is nested deeper than `limits.jsonDepth`. */
export const parseJson = (text: string): unknown => {
  const value = parsed(text)
  // a level takes two characters at least
  if (text.length > 2 * limits.jsonDepth && isDeeper(value, limits.jsonDepth))
    throw new PaidError('bad_request', `The JSON is nested too deep: ${limits.jsonDepth} levels at most`)
  return value
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text.charCodeAt(0) === byteOrderMark ? text.slice(1) : text)
  } catch {
    throw new PaidError('invalid_json')
  }
}
