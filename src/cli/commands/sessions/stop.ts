// `paid sessions stop ID`: ends a session, with everything it started.

import { withDaemon } from '../../home.ts'
import { talk } from '../../talk.ts'
import { shortOf } from './view.ts'

/** the longest that the daemon may be told to wait, and some more */
const stopsWithinMs = 90_000

const stop = async ({ id }: { id: string }): Promise<void> => {
  const { session } = await withDaemon((daemon) =>
    daemon.call('session.stop', { id }, { timeoutMs: stopsWithinMs }),
  )
  await talk('success', `${shortOf(session.id)}: ${session.status ?? 'ended'}`)
}

export default stop
