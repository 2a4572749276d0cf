// "Did you mean": the name that a mistyped one most likely was.

/** The closest of the names, or undefined when none is close: two slips at most, one in a short word. */
export const nearest = (typed: string, names: readonly string[]): string | undefined => {
  let best: { name: string; slips: number } | undefined
  for (const name of names) {
    const slips = name.startsWith(typed) && typed.length > 1 ? 0.5 : distance(typed, name)
    if (slips <= (name.length < 5 ? 1 : 2) && (!best || slips < best.slips)) best = { name, slips }
  }
  return best?.name
}

/** How many insertions, deletions, replacements and swaps of neighbours lie between two words. */
const distance = (a: string, b: string): number => {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let least = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
      )
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        least = Math.min(least, (before[column - 2] ?? 0) + 1)
      current.push(least)
    }
    before = above
    above = current
  }
  return above[b.length] ?? 0
}
