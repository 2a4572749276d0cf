// The deliveries that were kept. Each is one event, `webhook.received` on its webhook's channel, whose key is the
// delivery's once-only id and whose data holds what was sent; the row beside it says how far it came and what its sender
// is answered, now and whenever it sends the same again.

import type { Database } from 'bun:sqlite'
import { eventId } from '../../protocol/event.ts'
import { limits } from '../../protocol/limits.ts'
import { webhookPrefix, type DeliveryRow, type DeliveryRun } from '../../protocol/webhooks.ts'
import type { Transaction } from '../../core/log.ts'

/** What a sender is answered: an HTTP status, and JSON. */
export type Answer = { status: number; text: string }
export type State = DeliveryRow['state']
export type Kept = {
  seq: number
  delivery: string
  state: State
  answer: Answer | undefined
  runs: DeliveryRun[]
}

type Row = {
  seq: number
  delivery: string
  state: State
  status: number | null
  answer: string | null
  runs: string
}

const insert = 'INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?)'
const change = 'UPDATE deliveries SET state = ?, status = ?, answer = ?, runs = ? WHERE seq = ?'
const bySeq = 'SELECT * FROM deliveries WHERE seq = +?'
const running =
  "SELECT d.*, e.namespace, s.channel FROM deliveries d JOIN events e USING (seq) JOIN streams s ON s.id = e.stream WHERE d.state = 'running'"
const page = `SELECT d.*, e.at FROM streams s JOIN events e ON e.stream = s.id JOIN deliveries d ON d.seq = e.seq
  WHERE s.namespace = +? AND s.channel = +? AND s.type = 'webhook.received' AND e.seq < +? ORDER BY e.seq DESC LIMIT +?`

export const channelOf = (name: string): string => `${webhookPrefix}${name}`

/** The once-only key of a delivery's event. */
export const keyOf = (name: string, delivery: string): string => `${webhookPrefix}${name} ${delivery}`

export const keep = ({ database }: Transaction, { seq, delivery, state, answer, runs }: Kept): void =>
  void database
    .query(insert)
    .run(seq, delivery, state, answer?.status ?? null, keptText(delivery, answer), runsText(runs))

export const update = ({ database }: Transaction, { seq, delivery, state, answer, runs }: Kept): void =>
  void database
    .query(change)
    .run(state, answer?.status ?? null, keptText(delivery, answer), runsText(runs), seq)

export const find = (database: Database, seq: number): Kept | undefined => {
  const row = database.query<Row, [number]>(bySeq).get(seq)
  return row ? keptOf(row) : undefined
}

/** Those whose runs had not ended when the daemon did. */
export const unfinished = (database: Database): (Kept & { namespace: string; channel: string })[] =>
  database
    .query<Row & { namespace: string; channel: string }, []>(running)
    .all()
    .map((row) => ({ ...keptOf(row), namespace: row.namespace, channel: row.channel }))

/** The newest first, those before `before`. */
export const newest = (
  reader: Database,
  { namespace, name }: { namespace: string; name: string },
  before: number,
  limit: number,
): DeliveryRow[] =>
  reader
    .query<Row & { at: number }, [string, string, number, number]>(page)
    .all(namespace, channelOf(name), before, limit)
    .map((row) => {
      const { seq, delivery, state, answer, runs } = keptOf(row)
      return {
        delivery,
        event: eventId(seq),
        at: row.at,
        state,
        ...(answer && { status: answer.status }),
        runs,
      }
    })

const keptOf = ({ seq, delivery, state, status, answer, runs }: Row): Kept => ({
  seq,
  delivery,
  state,
  answer: status === null || answer === null ? undefined : { status, text: answer },
  runs: JSON.parse(runs),
})

/** An answer that is too long to be kept is told once; later senders learn that it was done. */
const keptText = (delivery: string, answer: Answer | undefined): string | null => {
  if (!answer) return null
  const { text } = answer
  if (text.length * 3 <= limits.webhookAnswerBytes || Buffer.byteLength(text) <= limits.webhookAnswerBytes)
    return text
  return acceptedText(delivery)
}

/** What is said of a delivery whose result is not told. */
export const acceptedText = (delivery: string): string =>
  `{"success":true,"delivery":${JSON.stringify(delivery)}}`

const runsText = (runs: readonly DeliveryRun[]): string => JSON.stringify(runs.slice(-limits.deliveryRuns))
