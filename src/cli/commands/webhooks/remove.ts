// `paid webhooks remove NAME`.

import { PaidError } from '../../../protocol/error.ts'
import { withDaemon } from '../../home.ts'

const remove = async ({ name }: { name: string }): Promise<void> => {
  const { removed } = await withDaemon((daemon) => daemon.call('webhook.remove', { name }))
  if (!removed) throw new PaidError('unknown_webhook', `There is no webhook ${name}`)
}

export default remove
