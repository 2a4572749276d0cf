// Where a path leads: links followed as the kernel follows them, `..` taken behind them, also when its end is not there
// yet. What was looked up once is remembered, for the time of one question.

import { lstatSync, readlinkSync, type Stats } from 'node:fs'
import { resolve } from 'node:path'

/** more links on one way are a ring */
const mostLinks = 40

export type RealPath = ReturnType<typeof createRealPath>

const looked = (path: string): Stats | undefined => {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    // too long a name, or a folder that is closed to us
    return undefined
  }
}

export const createRealPath = () => {
  /** undefined: it is no link, or not there */
  const links = new Map<string, string | undefined>()

  const linkAt = (path: string): string | undefined => {
    if (links.has(path)) return links.get(path)
    const target = looked(path)?.isSymbolicLink() === true ? readlinkSync(path) : undefined
    links.set(path, target)
    return target
  }

  /** @param path absolute */
  const of = (path: string): string => {
    const left = path.split('/').toReversed()
    let real = ''
    let followed = 0
    for (let part = left.pop(); part !== undefined; part = left.pop()) {
      if (part === '' || part === '.') continue
      if (part === '..') {
        real = real.slice(0, Math.max(0, real.lastIndexOf('/')))
        continue
      }
      const next = `${real}/${part}`
      const target = linkAt(next)
      if (target === undefined || ++followed > mostLinks) {
        real = next
        continue
      }
      if (target.startsWith('/')) real = ''
      left.push(...target.split('/').toReversed())
    }
    return real === '' ? '/' : real
  }

  return {
    of,

    /** Every path that this may mean: a tool takes `..` out of a name first, a shell follows links first. */
    all: (directory: string, path: string): string[] => {
      const joined = path.startsWith('/') ? path : `${directory}/${path}`
      const plain = resolve(directory, path)
      return [...new Set([plain, of(plain), of(joined)])].map((each) => each.normalize('NFC'))
    },

    isThere: (path: string): boolean => looked(path) !== undefined,

    isFolder: (path: string): boolean => looked(of(path))?.isDirectory() === true,
  }
}
