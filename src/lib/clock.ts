// The clock, handed to whatever needs the time so that a test can move it.

export type Clock = { readonly now: () => number }

export const systemClock: Clock = { now: () => Date.now() }
