// Reading what a child says, without waiting for ever for the end of it.

/** Hands on what comes, to the end or until it is left; no more is read while `take` is at work. */
export const drain = (
  stream: ReadableStream<Uint8Array>,
  take: (chunk: Uint8Array) => void | Promise<void>,
) => {
  const reader = stream.getReader()
  const read = async (): Promise<void> => {
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) await take(next.value)
    } catch {
      // it ended in the middle: what came is there
    }
  }
  return { done: read(), leave: (): void => void reader.cancel().catch(() => {}) }
}
