// Waiting for something, but not without end.

/** Resolves with the work, or after so long without it. */
export const soon = async (work: Promise<unknown>, ms: number): Promise<void> => {
  let timer: Timer | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
  await Promise.race([work, late])
  clearTimeout(timer)
}
