// Counts what the doors turned away, by reason; `paid status` shows it.

export const reasons = [
  'host',
  'origin',
  'site',
  'token',
  'rate',
  'type',
  'size',
  'url',
  'uid',
  'connections',
  'webhook',
] as const
export type Reason = (typeof reasons)[number]

export type Refusals = ReturnType<typeof createRefusals>

export const createRefusals = () => {
  const counts = new Map<Reason, number>()
  return {
    count: (reason: Reason): void => void counts.set(reason, (counts.get(reason) ?? 0) + 1),
    /** The reasons there were. */
    counts: (): Record<string, number> => Object.fromEntries(counts),
  }
}
