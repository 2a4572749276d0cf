// Which files are not to be looked into, by patterns such as `*.env` and `*secret*`: `*` stands for anything, capitals
// do not matter. A pattern without a slash means a name on the way to the file, its own or a folder's; one with a slash
// means the whole path, or the end of it.

import { memo } from './memo.ts'

const rememberedPatterns = 1000
const globOf = memo(rememberedPatterns, (pattern) => new Bun.Glob(pattern))

export const isExcluded = (path: string, patterns: readonly string[]): boolean => {
  const whole = path.toLowerCase()
  const names = whole.split('/')
  return patterns.some((each) => {
    const pattern = each.toLowerCase()
    if (!pattern.includes('/')) return names.some((name) => globOf(pattern).match(name))
    return globOf(pattern).match(whole) || globOf(`**/${pattern.replace(/^\//, '')}`).match(whole)
  })
}
