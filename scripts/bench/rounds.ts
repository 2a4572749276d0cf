// Fair comparison on a machine that is never quite still: what is compared runs in turns, in several rounds, and each
// round is compared with itself. Medians everywhere.

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}

/** One of the things that are compared: how to measure it, and what came of it so far. */
export type Series<T> = { readonly results: T[]; readonly measure: () => Promise<void> }

export const series = <T>(measure: () => T | Promise<T>): Series<T> => {
  const results: T[] = []
  return { results, measure: async () => void results.push(await measure()) }
}

/** Measures each once a round; every second round goes the other way, so that none is always the first. */
export const inTurns = async (
  rounds: number,
  all: readonly { measure: () => Promise<void> }[],
): Promise<void> => {
  for (let round = 0; round < rounds; round++)
    for (const one of round % 2 === 0 ? all : all.toReversed()) await one.measure()
}
