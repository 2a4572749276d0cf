// The deliveries that were kept. Each is one event, `webhook.received` on its webhook's channel, whose key is the
// delivery's once-only id. Its data holds what was sent, or names the event that was published with it: then that is all
// there is to know. Of a delivery that ran an action a row says how far it came and what its sender is answered, now and
// whenever it sends the same again.

import type { Database } from 'bun:sqlite'
import { z } from 'zod'
import { eventId } from '../../protocol/event.ts'
import { limits } from '../../protocol/limits.ts'
import { webhookPrefix, type DeliveryRow, type DeliveryRun } from '../../protocol/webhooks.ts'
import type { Transaction } from '../../core/log.ts'
import type { LogEvent } from '../../core/log-event.ts'

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
type PageRow = Row & { at: number; by: string; data: string | null }

const put = `INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
  state = excluded.state, status = excluded.status, answer = excluded.answer, runs = excluded.runs`
const bySeq = 'SELECT * FROM deliveries WHERE seq = +?'
const running =
  "SELECT d.*, e.namespace, s.channel FROM deliveries d JOIN events e USING (seq) JOIN streams s ON s.id = e.stream WHERE d.state = 'running'"
// CROSS: the stream's own index comes first, because the newest of a quiet webhook are far back in the log
const page = `SELECT e.seq, e.at, e.by, d.delivery, d.state, d.status, d.answer, d.runs,
  CASE WHEN d.seq IS NULL THEN e.data END AS data
  FROM stream_events n CROSS JOIN events e ON e.seq = n.seq LEFT JOIN deliveries d ON d.seq = n.seq
  WHERE n.stream = (SELECT id FROM streams WHERE namespace = +? AND channel = +? AND type = 'webhook.received')
  AND n.seq < +? ORDER BY n.seq DESC LIMIT +?`

export const channelOf = (name: string): string => `${webhookPrefix}${name}`

/** The once-only key of a delivery's event. */
export const keyOf = (name: string, delivery: string): string => `${webhookPrefix}${name} ${delivery}`

/** Writes how a delivery stands, whether it had a row or not. */
export const keep = ({ database }: Transaction, { seq, delivery, state, answer, runs }: Kept): void =>
  void database
    .query(put)
    .run(seq, delivery, state, answer?.status ?? null, keptText(delivery, answer), runsText(runs))

/** The delivery with this once-only id, and the event that it came as. */
export const find = (
  { database, byKey }: Transaction,
  namespace: string,
  name: string,
  delivery: string,
): { event: LogEvent; kept: Kept } | undefined => {
  const event = byKey(namespace, keyOf(name, delivery))
  if (!event) return undefined
  const row = database.query<Row, [number]>(bySeq).get(event.seq)
  return { event, kept: row ? keptOf(row) : publishedOf(event) }
}

/** What a delivery's sender is told now; undefined while nobody was told anything. */
export const answerOf = (
  { database }: Transaction,
  { seq }: Kept,
): Pick<Kept, 'state' | 'answer'> | undefined => {
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
    .query<PageRow, [string, string, number, number]>(page)
    .all(namespace, channelOf(name), before, limit)
    .map((row) => {
      const { at, by, data } = row
      const kept = data === null ? keptOf(row) : publishedOf({ seq: row.seq, at, by, data: JSON.parse(data) })
      const { seq, delivery, state, answer, runs } = kept
      return { delivery, event: eventId(seq), at, state, ...(answer && { status: answer.status }), runs }
    })

const keptOf = ({ seq, delivery, state, status, answer, runs }: Row): Kept => ({
  seq,
  delivery,
  state,
  answer: status === null || answer === null ? undefined : { status, text: answer },
  runs: JSON.parse(runs),
})

/** A delivery that published an event, in the commit that kept it. */
const publishedOf = ({ seq, at, by, data }: Pick<LogEvent, 'seq' | 'at' | 'by' | 'data'>): Kept => {
  const { delivery, event } = receivedData.parse(data)
  const answer = event === undefined ? undefined : publishedAnswer(event)
  return { seq, delivery, state: 'done', answer, runs: [{ at, by, state: 'done', ...(event && { event }) }] }
}

const receivedData = z.object({ delivery: z.string(), event: z.string().optional() })

export const publishedAnswer = (event: string): Answer => ({
  status: 200,
  text: `{"success":true,"data":{"eventId":"${event}"}}`,
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
