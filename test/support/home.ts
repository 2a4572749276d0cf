// A home for tests of the command line: `paid start` and the like run in it, and whatever runs there ends with it.

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { type Paths, pathsOf } from '../../src/paths.ts'
import { environmentOf, type Ran, type RunOptions, runPaid, temporaryHome } from './daemon.ts'

export type TestHome = AsyncDisposable & {
  paths: Paths
  env: Record<string, string>
  /** `paid …words` in this home */
  paid: (words: string[], options?: RunOptions) => Promise<Ran>
  /** the daemon's process as it wrote it down */
  pid: () => number
}

/** A temporary home; every daemon that is started in it listens on a free port. */
export const openHome = (): TestHome => {
  const paths = pathsOf(temporaryHome())
  const env = environmentOf(paths.home, { PAID_LISTEN: '127.0.0.1:0' })
  const paid: TestHome['paid'] = (words, options = {}) =>
    runPaid(words, { cwd: paths.home, ...options, env: { ...env, ...options.env } })
  return {
    paths,
    env,
    paid,
    pid: () => JSON.parse(readFileSync(paths.daemon, 'utf8')).pid,
    [Symbol.asyncDispose]: async () => {
      if (existsSync(paths.lock)) await paid(['stop'])
      rmSync(paths.home, { recursive: true, force: true })
    },
  }
}
