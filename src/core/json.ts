// JSON text from outside, as JavaScript's own parser reads it; a byte order mark in front is passed over. What is
// nested deeper than any honest sender does is refused here: writing such a value out fails only after it has used up
// the stack, which stops everybody for more than half a second.

import { PaidError } from '../protocol/error.ts'
import { limits } from '../protocol/limits.ts'

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
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text)
  } catch {
    throw new PaidError('invalid_json')
  }
}

const isDeeper = (value: unknown, levels: number): boolean => {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  const inner: unknown[] = Array.isArray(value) ? value : Object.values(value)
  return inner.some((item) => isDeeper(item, levels - 1))
}
