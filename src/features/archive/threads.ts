// How sessions hang together beyond what their transcripts tell: `/clear` ends one session and begins another in the
// same folder, a moment later, and only the hooks of both say so.

import { keepNewest } from '../../lib/newest.ts'
import type { Link } from '../../archive/calls.ts'
import { sessionPrefix } from '../../protocol/channel.ts'
import type { LogEvent } from '../../core/log-event.ts'

/** the new session begins right behind the end of the old one */
const withinMs = 30_000
const foldersRemembered = 100

type Cleared = { session: string; at: number }

export type Threads = { heard: (event: LogEvent) => void }

export const createThreads = (link: (link: Link) => Promise<unknown>): Threads => {
  /** by folder: the session that was cleared there last */
  const cleared = new Map<string, Cleared>()
  return {
    heard: (event) => {
      if (event.type !== 'SessionEnd' && event.type !== 'SessionStart') return
      const data = event.data
      if (typeof data !== 'object' || data === null || !('cwd' in data) || typeof data.cwd !== 'string')
        return
      const session = event.channel.slice(sessionPrefix.length)
      const at = event.occurredAt ?? event.at
      if (event.type === 'SessionEnd') {
        if (!('reason' in data) || data.reason !== 'clear') return
        cleared.delete(data.cwd)
        cleared.set(data.cwd, { session, at })
        keepNewest(cleared, foldersRemembered)
        return
      }
      if (!('source' in data) || data.source !== 'clear') return
      const before = cleared.get(data.cwd)
      if (!before || before.session === session || Math.abs(at - before.at) > withinMs) return
      cleared.delete(data.cwd)
      void link({ session, parent: before.session, kind: 'clear' })
    },
  }
}
