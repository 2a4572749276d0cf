// `paid webhooks list`: who may send what where.

import { listing } from '../../listing.ts'
import { webhookLine } from './lines.ts'

const list = listing(
  async (daemon, from) => {
    const { webhooks, next } = await daemon.call('webhook.list', from)
    return { items: webhooks, next }
  },
  (webhook) => webhookLine(webhook),
  'There are no webhooks: `paid webhooks add --help`.',
)

export default list
