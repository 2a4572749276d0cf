// Where files live: everything under one home, `PAID_HOME`, default `~/.paid`. Read at the start of every command,
// `paid hook` too, so it imports nothing but the standard library.

import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { limits } from './protocol/limits.ts'
import { PaidError } from './protocol/error.ts'

export type Paths = ReturnType<typeof pathsOf>

/** All paths of a home. Creates nothing. Throws `bad_request` when a socket path would not fit its platform. */
export const pathsOf = (home: string) => {
  const paths = {
    home,
    socket: join(home, 'paid.sock'),
    httpSocket: join(home, 'http.sock'),
    daemon: join(home, 'daemon.json'),
    database: join(home, 'paid.db'),
    archive: join(home, 'archive.db'),
    token: join(home, 'token'),
    config: join(home, 'config.json'),
    log: join(home, 'paid.log'),
    spool: join(home, 'spool'),
    workspaces: join(home, 'workspaces'),
    guards: join(home, 'guards.json'),
    gitHooks: join(home, 'git-hooks'),
    lock: join(home, 'daemon.lock'),
  }
  const longest = Math.max(Buffer.byteLength(paths.socket), Buffer.byteLength(paths.httpSocket))
  if (longest >= limits.socketPathBytes) {
    throw new PaidError(
      'bad_request',
      `The home ${home} is too long: its socket path has ${longest} bytes, a socket path holds ${limits.socketPathBytes - 1}`,
      'Set PAID_HOME to a shorter folder.',
    )
  }
  return paths
}

/** The home that the environment means; throws `bad_request` when there is none or it is not absolute. */
export const homeOf = (env: Record<string, string | undefined>): string => {
  const home = env['PAID_HOME'] || join(env['HOME'] || homedir(), '.paid')
  if (!isAbsolute(home))
    throw new PaidError(
      'bad_request',
      `PAID_HOME is not an absolute path: ${home}`,
      'Set PAID_HOME to an absolute folder, or unset it.',
    )
  return home
}

/** Where Claude Code keeps its settings and transcripts; its own variable moves it. */
export const claudeFolderOf = (env: Record<string, string | undefined>): string =>
  env['CLAUDE_CONFIG_DIR'] || join(env['HOME'] || homedir(), '.claude')
