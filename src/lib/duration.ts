// Spans as people write them: "250ms", "30s", "5m", "2h", "1d". Whole or decimal numbers, one unit.

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const shape = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/

const isUnit = (text: string): text is keyof typeof units => text in units

/** Milliseconds, or undefined when the text is no duration. */
export const parseDuration = (text: string): number | undefined => {
  const [, amount, unit] = shape.exec(text) ?? []
  if (amount === undefined || unit === undefined || !isUnit(unit)) return undefined
  const ms = Math.round(Number(amount) * units[unit])
  return Number.isSafeInteger(ms) ? ms : undefined
}

/** The two largest units that say it: "3d 4h", "2m 5s", "12s"; under a second "250ms". */
export const formatDuration = (ms: number): string => {
  if (ms < units.s) return `${Math.max(0, Math.round(ms))}ms`
  const parts: string[] = []
  let rest = Math.floor(ms / units.s) * units.s
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / units[unit])
    rest -= count * units[unit]
    if (count > 0) parts.push(`${count}${unit}`)
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.join(' ')
}
