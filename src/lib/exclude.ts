// Files whose contents are never kept: patterns of the user's, such as `*.env`, looked up by a file's path.
// A pattern without a slash is about the file's name, one with a slash about its whole path. `*` is any characters,
// `?` one of them; upper and lower case are the same.

export type IsExcluded = (path: string) => boolean

/** The same by patterns that may be others from call to call; those of one array are read once. */
export const excludingNow = (patterns: () => readonly string[]): IsExcluded => {
  let known: readonly string[] | undefined
  let isExcluded: IsExcluded = () => false
  return (path) => {
    const current = patterns()
    if (current !== known) {
      known = current
      isExcluded = excluding(current)
    }
    return isExcluded(path)
  }
}

export const excluding = (patterns: readonly string[]): IsExcluded => {
  const ofNames = anyOf(patterns.filter((pattern) => !pattern.includes('/')))
  const ofPaths = anyOf(patterns.filter((pattern) => pattern.includes('/')))
  return (path) => {
    const plain = path.replace(/[\\/]+$/, '')
    if (ofPaths?.test(plain)) return true
    return ofNames?.test(plain.slice(Math.max(plain.lastIndexOf('/'), plain.lastIndexOf('\\')) + 1)) ?? false
  }
}

const anyOf = (patterns: readonly string[]): RegExp | undefined => {
  const known = patterns.filter((pattern) => pattern !== '')
  return known.length > 0 ? new RegExp(`^(?:${known.map(sourceOf).join('|')})$`, 'is') : undefined
}

const sourceOf = (pattern: string): string =>
  pattern
    .replace(/\*+/g, '*')
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
