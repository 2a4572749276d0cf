// Which guards a use of a tool meets: patterns of files that are not to be touched without a lock.
//
// Promises: a path means the file behind it, however it is written: relative, with `..`, through links, in another case,
// from a folder that the command goes to first. A pattern is the language of exclude.ts, and is met under its own
// name and under the real one of the folder it names. Of a command every word that may name a file is looked at;
// one with more words than can be looked at meets every guard.
// Refuses to be more: a shell finds ways to a file that nobody can read out of its words.

import { excluding } from './exclude.ts'
import { isGuardedTool } from './guarded-tools.ts'
import { type Named, namedIn } from './guarding/command.ts'
import { pathFields } from './tool-files.ts'
import { createRealPath, type RealPath } from './guarding/real-path.ts'

export type Use = {
  tool: string
  input: Readonly<Record<string, unknown>>
  /** where it is used */
  directory: string
  /** of the user, for `~` */
  home: string
}

export type Met<G> = { guard: G; path: string }

/** The guards that are met, each with what of the use meets it. */
export const guardsMet = <G extends { readonly pattern: string }>(
  guards: readonly G[],
  use: Use,
): Met<G>[] => {
  if (guards.length === 0 || !isGuardedTool(use.tool)) return []
  const realPath = createRealPath()
  const named = namedBy(use, realPath)
  if (named === 'too many') return guards.map((guard) => ({ guard, path: 'a very long command' }))
  return guards.flatMap((guard) => {
    const isMet = meeting(guard.pattern, realPath)
    const found = named.find(isMet)
    return found ? [{ guard, path: found.shown }] : []
  })
}

const namedBy = ({ tool, input, directory, home }: Use, realPath: RealPath): Named[] | 'too many' => {
  if (tool === 'Bash') {
    const command = input['command']
    return typeof command === 'string' ? namedIn(command, { directory, home, realPath }) : []
  }
  return pathFields.flatMap((field) => {
    const path = input[field]
    if (typeof path !== 'string' || path === '') return []
    const from = path === '~' || path.startsWith('~/') ? home + path.slice(1) : path
    return [{ shown: path, paths: realPath.all(directory, from), ofCommand: false }]
  })
}

const meeting = (given: string, realPath: RealPath): ((named: Named) => boolean) => {
  const pattern = given.normalize('NFC')
  const patterns = [...new Set([pattern, realForm(pattern, realPath)])]
  const isMeant = excluding(patterns)
  const isFolder = excluding(patterns.flatMap(folderOf))
  return ({ paths, ofCommand }) => paths.some((path) => isMeant(path) || (ofCommand && isFolder(path)))
}

const wildcard = /[*?]/

/** The pattern with the real path of the folder that it names before its first wildcard. */
const realForm = (pattern: string, realPath: RealPath): string => {
  if (!pattern.startsWith('/')) return pattern
  const first = pattern.search(wildcard)
  const end = pattern.lastIndexOf('/', first === -1 ? undefined : first)
  return `${realPath.of(pattern.slice(0, end) || '/').replace(/\/$/, '')}${pattern.slice(end)}`
}

/** The folder whose files a pattern means. */
const folderOf = (pattern: string): string[] => {
  const end = pattern.lastIndexOf('/')
  const folder = pattern.slice(0, Math.max(0, end))
  return wildcard.test(pattern.slice(end + 1)) && /[^*?/]/.test(folder) ? [folder] : []
}
