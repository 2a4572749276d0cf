// `paid sessions watch ID`: what a session said, and what it says from now on.

import { PaidError } from '../../../protocol/error.ts'
import { withDaemon } from '../../home.ts'
import { tell } from '../../output.ts'
import { shortOf, view } from './view.ts'

const watch = async ({ id }: { id: string }): Promise<number> => {
  const { session } = await withDaemon((daemon) => daemon.call('session.get', { id }))
  if (!session) throw new PaidError('unknown_session', `There is no session ${JSON.stringify(id)}`)
  tell(`paid: session ${shortOf(session.id)} (^C leaves it running)`)
  return await view(session.id, 0)
}

export default watch
