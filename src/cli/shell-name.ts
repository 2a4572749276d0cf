// This shell as a holder of locks: what it took with one command it gives back with another, and no other shell can. The
// shells of a session of Claude Code are one: the session, whose locks guards look for.

import { processStart } from '../lib/process-start.ts'
import { sessionPrefix } from '../protocol/channel.ts'

/** The session that runs us. */
export const sessionName = (): string | undefined => {
  const id = process.env['CLAUDE_CODE_SESSION_ID']
  return id ? `${sessionPrefix}${id}` : undefined
}

/** The session; else the process that ran us, with the time it began: its number alone is another's one day. */
export const shellName = (): string =>
  sessionName() ?? `shell ${process.ppid} (${processStart(process.ppid) ?? 'unknown'})`
