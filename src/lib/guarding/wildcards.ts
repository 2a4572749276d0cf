// Words with wildcards, as a shell takes them: alternatives in braces are texts, `*`, `?` and `[…]` are the names of files
// that are there. Names that begin with a dot count too, upper and lower case are the same, and `**` is any depth.

import { type Dirent, readdirSync } from 'node:fs'

/** names that are read for one question, and texts that braces stand for */
const mostNames = 20_000
const mostTexts = 256

const braces = /\{([^{}]*,[^{}]*)\}/
const wildcard = /[*?]|\[[^\]/]+\]/

export const hasWildcard = (word: string): boolean => wildcard.test(word)

/** `{a,b}.sql` is two words; of very many the rest is any text. */
export const withoutBraces = (word: string): string[] => {
  const done: string[] = []
  const open = [word]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [all, inside = ''] = braces.exec(next) ?? []
    if (all === undefined) done.push(next)
    else if (done.length + open.length >= mostTexts) open.push(next.replace(braces, '*'))
    else for (const each of inside.split(',')) open.push(next.replace(braces, () => each))
  }
  return done
}

export const createWildcards = () => {
  const known = new Map<string, Dirent[]>()
  let left = mostNames

  const entriesIn = (folder: string): Dirent[] => {
    const before = known.get(folder)
    if (before) return before
    let entries: Dirent[] = []
    try {
      entries = left > 0 ? readdirSync(folder, { withFileTypes: true }).slice(0, left) : []
    } catch {
      // no folder, or one that is closed to us
    }
    left -= entries.length
    known.set(folder, entries)
    return entries
  }

  /** Itself and all folders in it; as a shell does, it follows no links. */
  const below = (folder: string): string[] => [
    folder,
    ...entriesIn(folder).flatMap((entry) => (entry.isDirectory() ? below(`${folder}/${entry.name}`) : [])),
  ]

  /** Files that are there, by an absolute path with wildcards. */
  return (path: string): string[] => {
    const parts = path.split('/').filter((part) => part !== '')
    return parts.reduce<string[]>(
      (found, part, at) => {
        if (part === '**' && at < parts.length - 1) return found.flatMap(below)
        if (!hasWildcard(part)) return found.map((folder) => `${folder}/${part}`)
        const isNamed = nameTest(part)
        return found.flatMap((folder) =>
          entriesIn(folder).flatMap(({ name }) => (isNamed(name) ? [`${folder}/${name}`] : [])),
        )
      },
      [''],
    )
  }
}

const nameTest = (part: string): ((name: string) => boolean) => {
  const source = part.replace(/\[!?[^\]]+\]|[\s\S]/g, (text) => {
    if (text === '*') return '.*'
    if (text === '?') return '.'
    if (text.length === 1) return text.replace(/[.+^${}()|[\]\\]/, String.raw`\$&`)
    return text.replaceAll('\\', '\\\\').replace('[!', '[^')
  })
  try {
    const wanted = new RegExp(`^${source.replace(/(?:\.\*)+/g, '.*')}$`, 'is')
    return (name) => wanted.test(name)
  } catch {
    // a range that is none
    return () => true
  }
}
