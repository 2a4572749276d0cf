// What somebody acts upon, handed on from one program to the next so that no rule runs in a ring: a command finds it in
// its environment, an HTTP request carries it in a header, an event keeps it in `origin.cause`.

/** The variable that a command finds it in, and `paid emit`, `publish`, `call` and `hook` hand it on from. */
export const causeVariable = 'PAID_CAUSE'

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
