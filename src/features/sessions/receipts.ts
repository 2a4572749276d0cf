// What is told of a message on its way, as the doing of whoever made its sender act: so no rule answers itself.

import type { Told } from './told.ts'
import { kept } from './line.ts'
import type { Message } from './queue.ts'

export const queued = ({ id, urgency, text, by, cause }: Message): Told => ({
  type: 'message.queued',
  by,
  cause,
  data: { message: id, urgency, text: kept(text), by },
})

export const receipt = (
  step: 'delivered' | 'seen' | 'expired',
  { id, cause }: Message,
  more: object = {},
): Told => ({ type: `message.${step}`, cause, data: { message: id, ...more } })
