// `paid webhooks deliveries NAME`: a row for each delivery, with its runs.

import type { Connection } from '../../../client/connection.ts'
import { limits } from '../../../protocol/limits.ts'
import type { DeliveryRow } from '../../../protocol/webhooks.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson, tell } from '../../output.ts'
import { WrongUsage } from '../../wrong-usage.ts'
import { deliveryLine } from './lines.ts'

type Given = { name: string; limit?: string | undefined; json: boolean }

const deliveries = async ({ name, limit = String(limits.pageEventsDefault), json }: Given): Promise<void> => {
  if (!/^[1-9]\d{0,8}$/.test(limit))
    throw new WrongUsage(`--limit must be a whole number from 1 on, not ${limit}`)
  const found = await withDaemon((daemon) => newest(daemon, name, Number(limit)))
  if (json) return sayJson(found)
  if (found.length === 0) return tell('Nothing was sent to it yet.')
  for (const delivery of found) say(deliveryLine(delivery))
}

export default deliveries

const newest = async (daemon: Connection, name: string, limit: number): Promise<DeliveryRow[]> => {
  const found: DeliveryRow[] = []
  for (let before: number | undefined; ;) {
    const page = await daemon.call('webhook.deliveries', {
      name,
      limit: Math.min(limit - found.length, limits.pageEvents),
      ...(before !== undefined && { before }),
    })
    found.push(...page.deliveries)
    if (page.next === undefined || found.length >= limit) return found
    before = page.next
  }
}
