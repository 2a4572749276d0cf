// Which conversation is meant: by its id, or by the file of a repository's `.prompts` that it was written into.

import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** The session's id, or what was typed, when no file here has that name. */
export const sessionMeant = (typed: string, folder = process.cwd()): string => {
  const file = fileAt(resolve(folder, typed)) ?? fileNamed(typed.replace(/\.yaml$/, ''), folder)
  if (file === undefined) return typed
  const [, quoted, plain] =
    /^ {2}sessionId: (?:(?:'([^'\n]+)'|"[^"\n]*")|(\S+))$/m.exec(readFileSync(file, 'utf8')) ?? []
  return quoted ?? plain ?? typed
}

const fileAt = (path: string): string | undefined =>
  path.endsWith('.yaml') && existsSync(path) ? path : undefined

/** In this folder's `.prompts`, or that of one above it. */
const fileNamed = (id: string, folder: string): string | undefined => {
  if (basename(id) !== id || id === '') return undefined
  for (let at = resolve(folder); ; at = dirname(at)) {
    const file = join(at, '.prompts', 'prompts', `${id}.yaml`)
    if (existsSync(file)) return file
    if (dirname(at) === at) return undefined
  }
}
