// `paid webhooks remove NAME`.

import { PaidError } from '../../../protocol/error.ts'
import { withDaemon } from '../../home.ts'
import { sayJson } from '../../output.ts'
import { talk } from '../../talk.ts'
import { visible } from '../../visible.ts'

const remove = async ({ name, json }: { name: string; json: boolean }): Promise<void> => {
  const { removed } = await withDaemon((daemon) => daemon.call('webhook.remove', { name }))
  if (!removed) throw new PaidError('unknown_webhook', `There is no webhook ${name}`)
  if (json) return sayJson({ removed })
  await talk('success', visible(`${name}: removed`))
}

export default remove
