// A call as it goes over the line. What the daemon reads no further than its limits is refused here: it could not say
// which call that was, and whoever made it would wait in vain.

import { isDeeper } from '../lib/json-depth.ts'
import { PaidError } from '../protocol/error.ts'
import { limits } from '../protocol/limits.ts'

/** a letter of JavaScript has no more bytes than this in UTF-8 */
const mostBytes = 3

/** Throws `too_large`, or `bad_request` for what is nested deeper than a document may be. */
export const callText = (call: {
  id: string
  method: string
  params: unknown
  cause: string | undefined
}) => {
  const text = written(call)
  // a level takes two characters at least
  if (text === undefined || (text.length > 2 * limits.jsonDepth && isDeeper(call, limits.jsonDepth)))
    throw new PaidError('bad_request', `The JSON is nested too deep: ${limits.jsonDepth} levels at most`)
  if (text.length * mostBytes > limits.lineBytes) {
    const bytes = new TextEncoder().encode(text).length
    if (bytes > limits.lineBytes)
      throw new PaidError('too_large', `The call has ${bytes} bytes, ${limits.lineBytes} at most are taken`)
  }
  return text
}

/** Undefined for what is nested so deep that it cannot be written at all. */
const written = (call: object): string | undefined => {
  try {
    return JSON.stringify(call)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
