// This shell as a holder of locks: what it took with one command it gives back with another, and no other shell can. The
// shells of a session of Claude Code are one: the session, whose locks guards look for.

import type { Connection } from '../client/connection.ts'
import { processStart } from '../lib/process-start.ts'
import { sessionPrefix } from '../protocol/channel.ts'

/** The session that runs us. One that was cleared goes by another id than the daemon's. */
export const sessionName = async (daemon: Connection): Promise<string | undefined> => {
  const id = process.env['CLAUDE_CODE_SESSION_ID']
  if (!id) return undefined
  const { session } = await daemon.call('session.get', { id })
  return `${sessionPrefix}${session?.id ?? id}`
}

/** The session; else the process that ran us, with the time it began: its number alone is another's one day. */
export const shellName = async (daemon: Connection): Promise<string> =>
  (await sessionName(daemon)) ?? `shell ${process.ppid} (${processStart(process.ppid) ?? 'unknown'})`
