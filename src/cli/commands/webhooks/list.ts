// `paid webhooks list`: who may send what where.

import type { Connection } from '../../../client/connection.ts'
import type { Webhook } from '../../../protocol/webhooks.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson, tell } from '../../output.ts'
import { webhookLine } from './lines.ts'

const list = async ({ json }: { json: boolean }): Promise<void> => {
  const found = await withDaemon(all)
  if (json) return sayJson(found)
  if (found.length === 0) return tell('There are no webhooks: `paid webhooks add --help`.')
  for (const webhook of found) say(webhookLine(webhook))
}

export default list

const all = async (daemon: Connection): Promise<Webhook[]> => {
  const found: Webhook[] = []
  for (let after: string | undefined; ;) {
    const page = await daemon.call('webhook.list', after === undefined ? {} : { after })
    found.push(...page.webhooks)
    if (page.next === undefined) return found
    after = page.next
  }
}
