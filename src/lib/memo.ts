// Remembers what a pure function made of a text, for as many texts as it is told, and then starts over: a cache that
// cannot grow, for things that are cheap enough to be made again.

export const memo = <Value>(limit: number, make: (text: string) => Value): ((text: string) => Value) => {
  const known = new Map<string, Value>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const made = make(text)
    if (known.size >= limit) known.clear()
    known.set(text, made)
    return made
  }
}
