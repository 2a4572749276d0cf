// `paid actions remove NAME`.

import { PaidError } from '../../../protocol/error.ts'
import { withDaemon } from '../../home.ts'
import { talk } from '../../talk.ts'

const remove = async ({ name }: { name: string }): Promise<void> => {
  const { removed } = await withDaemon((daemon) => daemon.call('action.remove', { name }))
  if (!removed) throw new PaidError('unknown_action', `There is no stored action ${JSON.stringify(name)}`)
  await talk('success', `${name}: removed`)
}

export default remove
