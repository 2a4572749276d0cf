// The event: a fact, numbered, never changed. Stored events have a `seq` and are kept; transient ones are delivered
// and forgotten, without a number. `at` is when it arrived here and never goes back; `occurredAt` is what its sender
// says. `data` is the payload as sent, `origin` the sender's labels, `by` who posted it: `<door>:<name>`.

import { z } from 'zod'
import { nameOf } from './channel.ts'
import { limits } from './limits.ts'

export const eventType = nameOf('type', limits.typeBytes)

export const event = z.object({
  seq: z.int().positive().optional().meta({ description: 'number in the log; absent on a transient event' }),
  id: z.string().optional().meta({ description: 'evt_<seq>; absent on a transient event' }),
  at: z.int().meta({ description: 'arrival, epoch milliseconds; never goes back' }),
  occurredAt: z
    .int()
    .optional()
    .meta({ description: 'when it happened as its sender says, epoch milliseconds' }),
  channel: z.string(),
  type: z.string(),
  data: z.unknown().meta({ description: 'the payload as sent' }),
  origin: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: "the sender's own labels, as sent" }),
  by: z.string().meta({ description: '<door>:<name> of the caller' }),
  key: z.string().optional().meta({ description: 'once-only key' }),
})
export type Event = z.infer<typeof event>

/** `evt_<seq>` */
export const eventId = (seq: number): string => `evt_${seq}`

const idShape = /^evt_(0|[1-9]\d{0,15})$/

/** The seq in an `evt_<n>`, n >= 0; undefined for any other text. */
export const seqOfId = (id: string): number | undefined => {
  const found = idShape.exec(id)
  return found ? Number(found[1]) : undefined
}

/** Where reading goes on, exclusive: an event's id, a seq, or an ISO time (by arrival). */
export const cursor = z
  .union([z.int().nonnegative(), z.string()], {
    error: 'must be an event id (evt_12), a number or an ISO 8601 time',
  })
  .refine((since) => typeof since === 'number' || seqOfId(since) !== undefined || isIsoTime(since), {
    error: 'must be an event id (evt_12), a number or an ISO 8601 time',
  })
export type Cursor = z.infer<typeof cursor>

const isoShape = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/

export const isIsoTime = (text: string): boolean => isoShape.test(text) && !Number.isNaN(Date.parse(text))
