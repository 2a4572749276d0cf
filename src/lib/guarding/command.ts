// Files that a command of a shell names, as far as its words tell: in quotes or not, behind `=` or a redirection, from
// the folders that it goes to, with variables that it sets itself.

import { resolve } from 'node:path'
import { programsOf } from '../shell-words.ts'
import type { Named } from '../guarding.ts'
import type { RealPath } from './real-path.ts'

/** different words of one command, and folders that it may be in when it names a file */
const mostWords = 10_000
const mostFolders = 16
/** a longer word is no path */
const longestWord = 4096

type Around = { directory: string; home: string; realPath: RealPath }

export const namedIn = (command: string, { directory, home, realPath }: Around): Named[] | 'too many' => {
  const set = variablesIn(command)
  set.set('HOME', home)
  set.set('PWD', directory)
  const plain = (word: string): string =>
    word
      .replace(
        /\$(?:\{(\w+)\}|(\w+))/g,
        (all, braced?: string, bare?: string) => set.get(braced ?? bare ?? '') ?? all,
      )
      .replace(/^~(?=\/|$)/, home)
  const written = new Set([...command.matchAll(redirection)].map(([, word = '']) => plain(unquoted(word))))
  const gone = new Set([...command.matchAll(going)].map(([, word = '']) => plain(unquoted(word))))
  const words = new Set<string>(written)
  for (const word of [...looseWords(command), ...programsOf(command).flat()])
    for (const part of partsOf(word)) if (part.length <= longestWord) words.add(plain(part))
  if (words.size > mostWords) return 'too many'

  const folders = foldersOf(
    [directory, ...gone, ...[...words].filter((word) => word.includes('/'))],
    realPath,
  )
  return [...words].flatMap((word): Named[] => {
    const glob = /[*[{]/.test(word) || (word.includes('?') && /[./]/.test(word))
    if (word === '' || word.includes('\0') || isAddress(word) || (gone.has(word) && !glob)) return []
    const named = /[./]/.test(word) || glob || written.has(word)
    const from = word.startsWith('/') ? [directory] : folders
    const paths = from
      .filter((folder) => named || realPath.isThere(resolve(folder, word)))
      .flatMap((folder) => realPath.all(folder, word.replace(/^file:\/\//i, '')))
    return paths.length === 0 ? [] : [{ shown: word, paths: [...new Set(paths)], ofCommand: true, glob }]
  })
}

const isAddress = (word: string): boolean => /^(?!file:)[a-z][\w+.-]*:\/\//i.test(word)

const redirection = />[>|&]?\s*((?:[^\s"'`;|&<>()]|"[^"]*"|'[^']*')+)/g
const going = /(?:^|[\s;|&(])(?:cd|pushd)\s+(?:-\w+\s+)*((?:[^\s"'`;|&<>()]|"[^"]*"|'[^']*')+)/g

const unquoted = (word: string): string => word.replace(/["']/g, '')

/** Whatever stands between what separates words, quotes too. */
const looseWords = (command: string): string[] => command.split(/[\s"'`=;|&<>()]+/)

/** `--out=FILE`, `host:FILE`, `@FILE`, `-oFILE`. */
function* partsOf(word: string): Generator<string> {
  yield word
  for (const mark of ['=', ':']) {
    const at = word.indexOf(mark)
    if (at !== -1) yield word.slice(at + 1)
  }
  if (word.startsWith('@')) yield word.slice(1)
  if (/^-[A-Za-z]./.test(word)) yield word.slice(2).replace(/^@/, '')
}

const variablesIn = (command: string): Map<string, string> =>
  new Map(
    [...command.matchAll(/(?:^|[\s;&|(])(\w+)=((?:[^\s"'`;|&<>()]|"[^"]*"|'[^']*')+)/g)].map(
      ([, name = '', value = '']) => [name, unquoted(value)],
    ),
  )

/** The folders among these, each from those before it. */
const foldersOf = ([first = '/', ...named]: readonly string[], realPath: RealPath): string[] => {
  const folders = [first]
  for (const word of named) {
    if (folders.length >= mostFolders) break
    if (word === '' || word.includes('\0')) continue
    const paths = folders.map((folder) => resolve(folder, word))
    for (const path of paths)
      if (folders.length < mostFolders && !folders.includes(path) && realPath.isFolder(path))
        folders.push(path)
  }
  return folders
}
