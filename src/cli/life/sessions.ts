// What becomes of the sessions that a daemon runs when it is restarted: busy ones are waited for, all are resumed after.

import { PaidError } from '../../protocol/error.ts'
import { withDaemon } from '../home.ts'
import { tell } from '../output.ts'
import { warn } from '../talk.ts'
import { visibleLines } from '../visible.ts'

const lookEveryMs = 200
/** as many as one answer holds, which is as many as may run */
const most = 1000

/** Those that run, when none of them is busy any more, or after so long. A daemon that does not answer has none to say. */
export const idleSessions = async (waitMs: number): Promise<string[]> => {
  const until = Date.now() + waitMs
  try {
    return await withDaemon(async (daemon) => {
      for (let told = false; ;) {
        const { sessions } = await daemon.call('session.list', { kind: 'managed', limit: most })
        const running = sessions.filter(({ kind, endedAt }) => kind === 'managed' && endedAt === undefined)
        const busy = running.filter(({ status }) => status !== 'idle')
        if (busy.length === 0 || Date.now() >= until) return running.map(({ id }) => id)
        if (!told)
          tell(`paid: waiting for ${busy.length === 1 ? 'a session' : `${busy.length} sessions`} to be idle`)
        told = true
        await Bun.sleep(lookEveryMs)
      }
    })
  } catch (error) {
    if (error instanceof PaidError) return []
    throw error
  }
}

export const resumeSessions = async (ids: readonly string[]): Promise<void> => {
  if (ids.length === 0) return
  await withDaemon(async (daemon) => {
    for (const id of ids) {
      try {
        await daemon.call('session.resume', { id })
      } catch (error) {
        if (!(error instanceof PaidError)) throw error
        await warn(`session ${id} was not resumed: ${visibleLines(error.message)}`)
      }
    }
  })
}
