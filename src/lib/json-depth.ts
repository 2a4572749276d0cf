// How deep a JSON value is nested. One that is nested deeper than any honest sender does cannot be written out again:
// that fails only after it has used up the stack, which stops everybody for more than half a second.

export const isDeeper = (value: unknown, levels: number): boolean => {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  const inner: unknown[] = Array.isArray(value) ? value : Object.values(value)
  return inner.some((item) => isDeeper(item, levels - 1))
}
