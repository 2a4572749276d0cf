// An event as the database keeps it, and back.

import { LogEvent } from './log-event.ts'

export type EventRow = {
  seq: number
  stream: number
  at: number
  occurred_at: number | null
  namespace: string
  channel: string
  type: string
  reserved: number
  by: string
  key: string | null
  origin: string | null
  data: string
  own: string | null
}

export const rowColumns =
  'e.seq, e.stream, e.at, e.occurred_at, e.namespace, s.channel, s.type, s.reserved, e.by, e.key, e.origin, e.data, e.own'

/** An event from a row of `rowColumns` (events e joined with streams s). */
export const eventOfRow = (row: EventRow): LogEvent =>
  new LogEvent(
    {
      namespace: row.namespace,
      channel: row.channel,
      type: row.type,
      by: row.by,
      dataText: row.data,
      originText: row.origin ?? undefined,
      occurredAt: row.occurred_at ?? undefined,
      key: row.key ?? undefined,
      own: row.own ?? undefined,
    },
    row.seq,
    row.at,
    row.reserved === 1,
    row.stream,
  )
