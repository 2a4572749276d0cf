// A home that does not exist yet, in a folder for what a test plants around it.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Paths, pathsOf } from '../../src/paths.ts'
import { environmentOf, type Ran, runPaid, temporaryHome } from './daemon.ts'

const roots: string[] = []

/** For `afterEach`: removes what `freshHome` made. */
export const removeHomes = (): void => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true })
}

export const freshHome = (): { paths: Paths; root: string } => {
  const root = temporaryHome()
  roots.push(root)
  return { paths: pathsOf(join(root, 'home')), root }
}

/** Runs the binary in the home; a daemon that it starts gets a free port. */
export const paid = (paths: Paths, words: string[], stdin = ''): Promise<Ran> =>
  runPaid(words, { env: environmentOf(paths.home, { PAID_LISTEN: '127.0.0.1:0' }), cwd: '/', stdin })

/** What Claude Code hands to `paid hook`. */
export const hook = '{"hook_event_name":"Stop","session_id":"s"}'
