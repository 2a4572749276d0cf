// `paid webhooks show NAME`: one webhook and what was sent to it last.

import { PaidError } from '../../../protocol/error.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson } from '../../output.ts'
import { deliveryLine, webhookLine } from './lines.ts'

const deliveriesShown = 10

const show = async ({ name, json }: { name: string; json: boolean }): Promise<void> => {
  const { webhook, deliveries } = await withDaemon(async (daemon) => {
    const found = await daemon.call('webhook.get', { name })
    if (!found.webhook) throw new PaidError('unknown_webhook', `There is no webhook ${name}`)
    const page = await daemon.call('webhook.deliveries', { name, limit: deliveriesShown })
    return { webhook: found.webhook, deliveries: page.deliveries }
  })
  if (json) return sayJson({ ...webhook, deliveries })
  say(webhookLine(webhook))
  for (const delivery of deliveries) say(deliveryLine(delivery))
}

export default show
