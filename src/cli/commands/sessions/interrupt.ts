// `paid sessions interrupt ID`: has a session drop what it does.

import { withDaemon } from '../../home.ts'
import { talk } from '../../talk.ts'

const interrupt = async ({ id }: { id: string }): Promise<void> => {
  const { interrupted } = await withDaemon((daemon) => daemon.call('session.interrupt', { id }))
  await talk(interrupted ? 'success' : 'info', interrupted ? 'Interrupted' : 'It did nothing')
}

export default interrupt
