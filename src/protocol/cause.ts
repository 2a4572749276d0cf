// What somebody acts upon, handed on from one program to the next so that no rule runs in a ring: a command finds it in
// its environment, an HTTP request carries it in a header, a native frame as `cause`, an event keeps it in
// `origin.cause`.

import { limits } from './limits.ts'

/** The variable that a command finds it in, and every `paid` that it runs hands it on from. */
export const causeVariable = 'PAID_CAUSE'

/** What a program that was started by an action acts upon; undefined for any other, and for what is no cause. */
export const causeFrom = (env: Record<string, string | undefined>): string | undefined => {
  const cause = env[causeVariable]?.toWellFormed()
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what it refuses
  if (!cause || /[\u0000-\u001f\u007f]/.test(cause) || Buffer.byteLength(cause) > limits.causeBytes)
    return undefined
  return cause
}

/** The header that a request of ours carries it in, and that is kept when it comes back. */
export const causeHeader = 'x-paid-cause'

/** A header is ASCII: what is not is written as in a URL, and so is %. */
export const encodeCause = (cause: string): string => encodeURI(cause.toWellFormed())

/** Undefined when nobody wrote it so. */
export const decodeCause = (header: string): string | undefined => {
  try {
    return decodeURI(header)
  } catch {
    return undefined
  }
}
