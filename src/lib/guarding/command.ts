// Files that a command of a shell names, as far as its words tell: in quotes or not, behind `=` or a redirection, by
// wildcards, from the folders that it goes to, with variables that it sets itself.

import { resolve } from 'node:path'
import { programsOf } from '../shell-words.ts'
import type { RealPath } from './real-path.ts'
import { createWildcards, hasWildcard, withoutBraces } from './wildcards.ts'

// The daemon does nothing else meanwhile: what is looked at stays within a tenth of a second or two.
/** different words of one command, folders that it may be in when it names a file, and words in all of these */
const mostWords = 10_000
const mostFolders = 16
const mostLooks = 20_000
/** a longer word is no path, and no shell is given a longer command */
const longestWord = 4096
const longestCommand = 128 * 1024

type Around = { directory: string; home: string; realPath: RealPath }

/** A file as it is named: all paths it may mean. */
export type Named = {
  shown: string
  paths: readonly string[]
  /** so that a folder means what stands in it */
  ofCommand: boolean
}

export const namedIn = (command: string, { directory, home, realPath }: Around): Named[] | 'too many' => {
  if (command.length > longestCommand) return 'too many'
  const set = variablesIn(command)
  set.set('HOME', home)
  set.set('PWD', directory)
  const plain = (word: string): string[] =>
    withoutBraces(
      word
        .replace(
          /\$(?:\{(\w+)\}|(\w+))/g,
          (all, braced?: string, bare?: string) => set.get(braced ?? bare ?? '') ?? all,
        )
        .replace(/^~(?=\/|$)/, home),
    )
  const behind = (what: RegExp): Set<string> =>
    new Set([...command.matchAll(what)].flatMap(([, word = '']) => plain(unquoted(word))))
  const written = behind(redirection)
  const gone = behind(going)
  const all = (given: readonly string[]): Set<string> => {
    const found = new Set<string>()
    for (const part of new Set(given.flatMap((word) => [...partsOf(word)]))) {
      if (found.size > mostWords) break
      if (part.length <= longestWord) for (const text of plain(part)) found.add(text)
    }
    return found
  }
  const typed = all(programsOf(command).flat())
  const words = new Set([...written, ...typed, ...all(looseWords(command))])
  if (words.size > mostWords) return 'too many'

  const expand = createWildcards()
  const runsOthers = shells.test(command)
  /** Texts that are written somewhere have stars too: those of the command itself are wildcards. */
  const isWild = (word: string): boolean =>
    hasWildcard(word) && (runsOthers || typed.has(word) || gone.has(word))
  const from = (folder: string, word: string): string[] => {
    if (!isWild(word)) return [word]
    // a pattern that nothing fits is a name
    return [word, ...expand(word.startsWith('/') ? word : `${folder}/${word}`)]
  }
  const folders = foldersOf(directory, gone, { from, realPath })
  if (words.size * folders.length > mostLooks) return 'too many'
  return [...words].flatMap((word): Named[] => {
    if (word === '' || word.includes('\0') || isAddress(word) || gone.has(word)) return []
    const looksNamed = /[./]/.test(word) || written.has(word)
    const paths = (word.startsWith('/') ? [directory] : folders)
      .filter((folder) => looksNamed || isWild(word) || realPath.isThere(resolve(folder, word)))
      .flatMap((folder) =>
        from(folder, word.replace(/^file:\/\//i, '')).flatMap((each) => realPath.all(folder, each)),
      )
    return paths.length === 0 ? [] : [{ shown: word, paths: [...new Set(paths)], ofCommand: true }]
  })
}

/** they run what stands in a text */
const shells = /\b(?:ba|z|da|k)?sh\b|\beval\b/

const isAddress = (word: string): boolean => /^(?!file:)[a-z][\w+.-]*:\/\//i.test(word)

const word = String.raw`((?:[^\s"'\x60;|&<>()]|"[^"]*"|'[^']*')+)`
const redirection = new RegExp(String.raw`>[>|&]?\s*${word}`, 'g')
/** to a folder, for what comes then or for one program */
const going = new RegExp(
  String.raw`(?:(?:^|[\s;|&(])(?:cd|pushd)\s+(?:-\w+\s+)*|\s(?:-C|--directory|--chdir)[\s=]*)${word}`,
  'g',
)
const assigned = new RegExp(String.raw`(?:^|[\s;&|(])(\w+)=${word}`, 'g')

const unquoted = (text: string): string => text.replace(/["']/g, '')

/** Whatever stands between what separates words, quotes too. */
const looseWords = (command: string): string[] => command.split(/[\s"'`=;|&<>()]+/)

/** `--out=FILE`, `host:FILE`, `@FILE`, `-oFILE`. */
function* partsOf(given: string): Generator<string> {
  yield given
  for (const mark of ['=', ':']) {
    const at = given.indexOf(mark)
    if (at !== -1) yield given.slice(at + 1)
  }
  if (given.startsWith('@')) yield given.slice(1)
  if (/^-[A-Za-z]./.test(given)) yield given.slice(2).replace(/^@/, '')
}

const variablesIn = (command: string): Map<string, string> =>
  new Map([...command.matchAll(assigned)].map(([, name = '', value = '']) => [name, unquoted(value)]))

/** The folders among these, each from those before it. */
const foldersOf = (
  first: string,
  gone: Iterable<string>,
  { from, realPath }: { from: (folder: string, word: string) => string[]; realPath: RealPath },
): string[] => {
  const folders = [first]
  for (const each of gone) {
    if (each.includes('\0')) continue
    const paths = folders.flatMap((folder) => from(folder, each).map((path) => resolve(folder, path)))
    for (const path of paths)
      if (folders.length < mostFolders && !folders.includes(path) && realPath.isFolder(path))
        folders.push(path)
  }
  return folders
}
