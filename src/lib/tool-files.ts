// Which files one use of a tool of Claude Code touches: the one its input names, or those that a command does.
// A command is read by its words, not run: a word with a dot or a slash in it may be a file. Rather one too many.

import { type Fields, textIn } from './fields.ts'
import { programsOf } from './shell-words.ts'

/** `written`: what is written stands in the input itself. `changed`: it does not, but the file is another after it. */
export type FileUse = { path: string; how: 'named' | 'changed' | 'written' }

/** fields that name the file which the fields beside them are of */
export const pathFields = ['file_path', 'filePath', 'notebook_path', 'filename', 'path'] as const

const writers = new Set(['Write', 'Edit', 'MultiEdit', 'NotebookEdit'])

/** The files of a use. A tool is named as Claude Code names it; unknown ones are judged by their input alone. */
export const filesOfUse = (tool: string | undefined, input: Fields): FileUse[] => {
  const how = tool !== undefined && writers.has(tool) ? 'written' : 'named'
  const named = pathFields.flatMap((field): FileUse[] => {
    const path = textIn(input, field)
    return path === undefined ? [] : [{ path, how }]
  })
  const command = textIn(input, 'command')
  return command === undefined ? named : [...named, ...filesOfCommand(command)]
}

/** The files of a shell command; one that is written or changed is told as that too. */
export const filesOfCommand = (command: string): FileUse[] => [
  ...command
    .split(/[\s"'`=;|&<>()]+/)
    .filter((word) => word.includes('.') || word.includes('/'))
    .map((path): FileUse => ({ path, how: 'named' })),
  ...[...command.matchAll(redirection)].map(([, path = '']): FileUse => ({ path, how: 'written' })),
  ...programsOf(command).flatMap(filesOfProgram),
]

const redirection = />>?\s*["']?([^\s"'`;|&<>()]+)/g

const before = /^(?:sudo|env|command|exec|nohup|time|xargs|\w+=.*)$/s
const changing = new Set([
  'rm',
  'mv',
  'cp',
  'ln',
  'touch',
  'truncate',
  'install',
  'unlink',
  'shred',
  'dd',
  'patch',
])
const changingInGit = new Set(['checkout', 'restore', 'mv', 'rm'])
const inPlace = /^(?:-\w*i|--in-place)/

/** What one program of a command does to the files it is given. */
const filesOfProgram = (words: string[]): FileUse[] => {
  const start = words.findIndex((word) => !before.test(word))
  const program = words[start]?.replace(/^.*\//, '') ?? ''
  const given = words.slice(start + 1).filter((word) => !/^\d*[<>]/.test(word))
  const files = given.filter((word) => !word.startsWith('-')).map((word) => word.replace(/^of=/, ''))
  const as = (how: FileUse['how'], paths: string[]): FileUse[] => paths.map((path) => ({ path, how }))
  if (program === 'tee') return as('written', files)
  if ((program === 'sed' || program === 'perl') && given.some((word) => inPlace.test(word)))
    return as('written', files.slice(1))
  if (program === 'git') return changingInGit.has(files[0] ?? '') ? as('changed', files.slice(1)) : []
  return changing.has(program) ? as('changed', files) : []
}
