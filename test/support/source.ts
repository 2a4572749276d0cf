// The source of the project as text and as a graph of imports, for tests about the repository itself.

import { readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'

export const root = resolve(import.meta.dir, '..', '..')

/** Paths from the root of all files under `folders` that match, sorted. */
export const filesIn = (folders: readonly string[], pattern: string): string[] =>
  folders.flatMap((folder) =>
    [...new Bun.Glob(`${folder}/${pattern}`).scanSync({ cwd: root, dot: true })].sort(),
  )

export const textOf = (file: string): string => readFileSync(join(root, file), 'utf8')

/** `to` is a path from the root, or a package's specifier as it is written. `runs` is false for type imports. */
export type Import = { from: string; to: string; lazy: boolean; runs: boolean }

const transpilers = { ts: new Bun.Transpiler({ loader: 'ts' }), tsx: new Bun.Transpiler({ loader: 'tsx' }) }
const written = /(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)'([^']+)'/gm

export const importsOf = (from: string): Import[] => {
  const text = textOf(from)
  const running = transpilers[from.endsWith('x') ? 'tsx' : 'ts'].scanImports(text)
  return Array.from(text.matchAll(written), ([, specifier = '']) => {
    const run = running.filter((each) => each.path === specifier)
    return {
      from,
      to: specifier.startsWith('.') ? relative(root, resolve(root, dirname(from), specifier)) : specifier,
      lazy: run.length > 0 && run.every((each) => each.kind === 'dynamic-import'),
      runs: run.length > 0,
    }
  })
}

/** Everything that loading `entry` may load, files and packages, as far as `follow` goes. */
export const loadedBy = (entry: string, follow: (each: Import) => boolean): Set<string> => {
  const seen = new Set([entry])
  for (const file of seen) {
    if (!file.startsWith('src/') || !/\.tsx?$/.test(file)) continue
    for (const each of importsOf(file)) if (each.runs && follow(each)) seen.add(each.to)
  }
  return seen
}

/** The comment a file opens with, without its slashes; empty when it opens with code. */
export const openingOf = (file: string): string[] => {
  const lines = textOf(file).split('\n')
  const end = lines.findIndex((line) => !line.startsWith('//'))
  return lines.slice(0, end < 0 ? lines.length : end).map((line) => line.slice(2).trim())
}

/** A folder's main file: its table of contents, for people. */
export const isMainFile = (file: string): boolean => {
  const name = basename(file).replace(/\.tsx?$/, '')
  return name === 'index' || name === basename(dirname(file))
}
