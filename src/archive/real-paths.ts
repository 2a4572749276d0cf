// Paths as files are called by tools, which go through links as their users do, and as git calls them.

import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** The path a file has without links on the way; each folder is asked once. */
export const createRealPaths = (): ((path: string) => string) => {
  const folders = new Map<string, string>()
  return (path) => {
    const folder = dirname(path)
    let real = folders.get(folder)
    if (real === undefined) {
      try {
        real = realpathSync(folder)
      } catch {
        real = folder
      }
      folders.set(folder, real)
    }
    return join(real, basename(path))
  }
}
