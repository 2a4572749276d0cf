// `paid sessions watch ID`: what a session said, and what it says from now on.

import { PaidError } from '../../../protocol/error.ts'
import { withDaemon } from '../../home.ts'
import { tell } from '../../output.ts'
import { shortOf, view } from './view.ts'

const watch = async ({ id }: { id: string }): Promise<number> => {
  const { session, ends } = await withDaemon(async (daemon) => {
    const { session } = await daemon.call('session.get', { id })
    if (!session) throw new PaidError('unknown_session', `There is no session ${JSON.stringify(id)}`)
    const last = await Promise.all(
      ['session.ended', 'session.lost'].map(async (type) => {
        const { events } = await daemon.call('event.list', {
          channel: `session:${session.id}`,
          type,
          limit: 1,
        })
        return events[0]?.seq ?? 0
      }),
    )
    return { session, ends: Math.max(...last) }
  })
  const isOver = session.endedAt !== undefined
  tell(`paid: session ${shortOf(session.id)} (^C leaves it running)`)
  return await view(session.id, 0, isOver ? ends - 1 : ends)
}

export default watch
