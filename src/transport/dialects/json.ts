// JSON text from outside, as JavaScript's own parser reads it; a byte order mark in front is passed over.

import { PaidError } from '../../protocol/error.ts'

/** Throws `invalid_json`. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text)
  } catch {
    throw new PaidError('invalid_json')
  }
}
