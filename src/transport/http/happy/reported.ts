// Sessions that somebody else started, and that reported themselves as Happy's do: `POST /session-started`. A report
// is an event on the session's channel, so it outlives the daemon. Promises: only those are told whose process still
// is the one that reported; none of them is ever signalled.

import { limits } from '../../../protocol/limits.ts'
import { sessionPrefix } from '../../../protocol/channel.ts'
import type { Session } from '../../../protocol/sessions.ts'
import { processStart } from '../../../lib/process-start.ts'
import type { Dispatch } from '../../../core/dispatch.ts'
import type { Peer } from '../../../core/peer.ts'
import { isFields } from '../../../lib/fields.ts'

const type = 'session.reported'

export type Reported = ReturnType<typeof createReported>

export const createReported = (dispatch: Dispatch) => {
  /** The pids of those that live, by their ids. */
  const living = async (peer: Peer): Promise<Map<string, number>> => {
    const { events } = await dispatch(peer, 'event.list', { type, limit: limits.pageEvents })
    const pids = new Map<string, number>()
    for (const { channel, data } of events) {
      const pid = isFields(data) && typeof data['pid'] === 'number' ? data['pid'] : 0
      const started = isFields(data) ? data['processStart'] : undefined
      const id = channel.slice(sessionPrefix.length)
      if (pid > 1 && started !== undefined && processStart(pid) === started) pids.set(id, pid)
      else pids.delete(id)
    }
    return pids
  }

  return {
    /** Takes a report; one of a process that is not there is passed over. */
    take: async (peer: Peer, id: string, pid: number, path: string | undefined): Promise<void> => {
      const started = processStart(pid)
      if (started === undefined) return
      await dispatch(peer, 'event.publish', {
        channel: `${sessionPrefix}${id}`,
        type,
        data: { pid, processStart: started, ...(path !== undefined && { workingDirectory: path }) },
      })
    },
    /** The same sessions, with the pid of those that reported and live. */
    fill: async (peer: Peer, sessions: readonly Session[]): Promise<Session[]> => {
      const pids = await living(peer)
      return sessions.map((session): Session => {
        const pid = session.kind === 'managed' ? undefined : (session.pid ?? pids.get(session.id))
        return pid === undefined ? session : { ...session, pid, status: session.status ?? 'running' }
      })
    },
  }
}
