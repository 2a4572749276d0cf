// What Claude Code wrote on stdin, to its end, within a limit.

/** a terminal says nothing at first; only then is it worth looking whether stdin is one */
const quietMs = 100
/** a pipe that somebody forgot to close: what has come by then is all there is */
const forgottenMs = 3000
/** what is over the limit is read and thrown away up to here: a writer whose pipe breaks would report a failed hook */
const discardedFactor = 4

/** `terminal`: somebody is typing, this is no hook; `too large`: over the limit. Never throws. */
export const readStdin = async (maxBytes: number): Promise<Uint8Array | 'terminal' | 'too large'> => {
  const parts: Uint8Array[] = []
  let bytes = 0
  const whole = () =>
    bytes > maxBytes ? 'too large' : parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
  const reader = Bun.stdin.stream().getReader()
  try {
    for (;;) {
      const chunk = await withinQuiet(reader.read(), bytes === 0)
      if (chunk === 'terminal') return chunk
      if (chunk === 'forgotten' || chunk.done) return whole()
      bytes += chunk.value.byteLength
      if (bytes <= maxBytes) parts.push(chunk.value)
      if (bytes > maxBytes * discardedFactor) return 'too large'
    }
  } catch {
    return whole()
  }
}

const withinQuiet = async <T>(next: Promise<T>, first: boolean): Promise<T | 'terminal' | 'forgotten'> => {
  if (first) {
    const chunk = await atMost(next, quietMs)
    if (chunk !== undefined) return chunk
    // node:tty costs 3 ms, so it is loaded only here
    const { isatty } = await import('node:tty')
    if (isatty(0)) return 'terminal'
  }
  return (await atMost(next, forgottenMs)) ?? 'forgotten'
}

const atMost = async <T>(next: Promise<T>, ms: number): Promise<T | undefined> => {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), ms)
  try {
    return await Promise.race([next, promise])
  } finally {
    clearTimeout(timer)
  }
}
