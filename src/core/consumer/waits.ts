// How long a consumer waits before it tries again.

/** the first wait before an event is tried again; each next one is twice as long, up to the longest */
export const firstWaitMs = 1000
const longestWaitMs = 300_000
/** a wait is this much longer or shorter by chance, so that what failed together is not tried together */
const jitter = 0.2

/** Twice as long each time, give or take. */
export const waitMs = (attempt: number): number =>
  Math.round(
    Math.min(longestWaitMs, firstWaitMs * 2 ** (attempt - 1)) * (1 - jitter + 2 * jitter * Math.random()),
  )
