// Which files one use of a tool of Claude Code is of: the one its input names, or those that a command does.
// A command is read by its words, not run: a word with a dot or a slash in it may be a file, and so may any that a program
// is given which takes files. Rather one too many.

import { memo } from './memo.ts'
import { programsOf } from './shell-words.ts'

/** fields that name the file which the fields beside them are of */
export const pathFields = ['file_path', 'filePath', 'notebook_path', 'filename', 'path'] as const

/** `written`: what comes to stand in it stands in the command. */
export type NamedFile = { path: string; written: boolean }

/** a command is asked about several times in a row; a longer one is read each time */
const rememberedCharacters = 4096

const remembered = <Value>(read: (command: string) => Value): ((command: string) => Value) => {
  const known = memo(16, read)
  return (command) => (command.length <= rememberedCharacters ? known(command) : read(command))
}

const programs = remembered(programsOf)

export const filesOfCommand = remembered((command): readonly NamedFile[] => [
  ...command
    .split(/[\s"'`=;|&<>()]+/)
    .filter((word) => word.includes('.') || word.includes('/'))
    .map((path) => ({ path, written: false })),
  ...[...command.matchAll(redirection)].map(([, path = '']) => ({ path, written: true })),
  ...programs(command).flatMap(filesOfProgram),
])

/** Whether a command looks for text in files, and tells in which it stands. */
export const isSearch = (command: string): boolean =>
  /grep|\b(?:rg|ag|ack)\b/.test(command) &&
  programs(command).some((words) => {
    const { program, files } = programIn(words)
    return searching.has(program) || (program === 'git' && files[0] === 'grep')
  })

const redirection = />>?\s*["']?([^\s"'`;|&<>()]+)/g

/** what may stand before a program's name */
const before = /^(?:sudo|env|command|exec|nohup|time|xargs|\w+=.*)$/s
const takingFiles = new Set(
  'cat tac head tail less more bat nl od xxd strings base64 source rm mv cp ln touch truncate install shred dd'.split(
    ' ',
  ),
)
const searching = new Set('grep egrep fgrep ugrep rg ag ack'.split(' '))
/** the first thing these are given is no file */
const takingScript = new Set([...searching, 'sed', 'perl', 'awk', 'jq'])
const inPlace = /^(?:-\w*i|--in-place)/

const programIn = (words: readonly string[]): { program: string; given: string[]; files: string[] } => {
  const start = words.findIndex((word) => !before.test(word))
  const given = words.slice(start + 1).filter((word) => !/^\d*[<>]/.test(word))
  return {
    program: words[start]?.replace(/^.*\//, '') ?? '',
    given,
    files: given.filter((word) => !word.startsWith('-')).map((word) => word.replace(/^[io]f=/, '')),
  }
}

const filesOfProgram = (words: readonly string[]): NamedFile[] => {
  const { program, given, files } = programIn(words)
  const named = (paths: string[], written = false): NamedFile[] => paths.map((path) => ({ path, written }))
  if (program === 'tee') return named(files, true)
  if (takingScript.has(program)) {
    const isWritten = (program === 'sed' || program === 'perl') && given.some((word) => inPlace.test(word))
    return named(files.slice(1), isWritten)
  }
  return takingFiles.has(program) ? named(files) : []
}
