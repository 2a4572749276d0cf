// Webhooks and their deliveries as people read them, a line each.

import { formatDuration } from '../../../lib/duration.ts'
import type { DeliveryRow, Webhook } from '../../../protocol/webhooks.ts'
import { fit, nameColumn, visible } from '../../visible.ts'

const nameWidth = 24

export const webhookLine = (webhook: Webhook): string => {
  const name = nameColumn(webhook.name, nameWidth)
  const does = webhook.do === undefined ? `publishes on ${webhook.publish}` : `runs ${webhook.do}`
  const more = [
    ...(webhook.async ? ['answers at once'] : []),
    ...(webhook.allow.length > 0 ? [`from ${webhook.allow.join(' ')}`] : []),
    ...(webhook.previousUntil === undefined
      ? []
      : [`the secret before it counts until ${new Date(webhook.previousUntil).toISOString()}`]),
  ]
  return `${name}  ${fit(webhook.scheme, 8)}  ${visible([does, ...more].join(', '))}`
}

export const deliveryLine = ({ delivery, at, state, status, runs }: DeliveryRow): string => {
  const last = runs.at(-1)
  const took = last?.durationMs === undefined ? '' : formatDuration(last.durationMs)
  const times = runs.length > 1 ? `, ${runs.length} runs` : ''
  const why = last?.error === undefined ? '' : `  ${visible(last.error)}`
  const when = new Date(at).toISOString()
  return `${when}  ${fit(state, 7)}  ${fit(String(status ?? '-'), 3)}  ${fit(took, 7)}  ${visible(delivery)}${times}${why}`
}
