// The captured conversations that are active, known in memory as they stand in the table: a message costs one event
// and no look into it. What was said stands in the log, in the events of each one's channel.

import type { Database } from 'bun:sqlite'
import { sessionPrefix } from '../../protocol/channel.ts'
import type { Captured } from '../../protocol/capture.ts'
import type { LogEvent } from '../../core/log-event.ts'
import type { Save } from '../../lib/prompt-files.ts'

const all = `WITH known AS (
    SELECT c.*, coalesce((SELECT max(last_seq) FROM streams s
      WHERE s.namespace = c.namespace AND s.channel = '${sessionPrefix}' || c.id
        AND s.type IN ('message.added', 'code.changed')), c.started_seq) AS last_seq
    FROM captures c)
  SELECT known.*, (SELECT at FROM events WHERE seq = known.last_seq) AS last_at FROM known ORDER BY started_seq`
const insert = 'INSERT INTO captures VALUES (?, ?, ?, ?, ?, ?, 0, NULL)'
const setSave = 'UPDATE captures SET save = ?, saved_seq = ? WHERE namespace = ? AND id = ?'
const remove = 'DELETE FROM captures WHERE namespace = ? AND id = ?'

type Row = {
  namespace: string
  id: string
  tool: string | null
  metadata: string
  started_at: number
  started_seq: number
  saved_seq: number
  save: string | null
  last_seq: number
  last_at: number | null
}

/** A save that was begun: it is done again as the same. */
export type BegunSave = Pick<Save, 'version' | 'at' | 'commit'> & {
  /** the newest event that is in it */
  readonly upTo: number
  /** it goes on being active */
  readonly stays: boolean
}

export type Active = {
  readonly namespace: string
  readonly id: string
  readonly tool: string | undefined
  readonly metadata: Readonly<Record<string, unknown>>
  readonly startedAt: number
  readonly startedSeq: number
  /** the newest event that is in a file */
  savedSeq: number
  save: BegunSave | undefined
  /** the newest event in which something was said, and when */
  lastSeq: number
  lastAt: number
  /** what is being said and is not on disk yet */
  pending: number
  /** while it is taken out: resolves when that is done, or was refused */
  leaving: Promise<void> | undefined
}

export type Said = Pick<Captured, 'messages' | 'changes'>

export const channelOf = ({ id }: Pick<Active, 'id'>): string => `${sessionPrefix}${id}`

/** All active conversations, by namespace and id, in the order they began. */
export const createActive = (database: Database) => {
  const known = new Map<string, Active>()
  const nameOf = (namespace: string, id: string): string => `${namespace}\n${id}`
  for (const row of database.query<Row, []>(all).all()) {
    known.set(nameOf(row.namespace, row.id), {
      namespace: row.namespace,
      id: row.id,
      tool: row.tool ?? undefined,
      metadata: fieldsOf(row.metadata),
      startedAt: row.started_at,
      startedSeq: row.started_seq,
      savedSeq: row.saved_seq,
      save: row.save === null ? undefined : saveOf(row.save),
      lastSeq: row.last_seq,
      lastAt: row.last_at ?? row.started_at,
      pending: 0,
      leaving: undefined,
    })
  }

  return {
    get size(): number {
      return known.size
    },
    find: (namespace: string, id: string): Active | undefined => known.get(nameOf(namespace, id)),
    all: (): Active[] => [...known.values()],
    of: (namespace: string): Active[] => [...known.values()].filter((each) => each.namespace === namespace),

    /** Its row, in the open transaction. */
    insert: (into: Database, active: Active): void => {
      const { namespace, id, tool, metadata, startedAt, startedSeq } = active
      into.query(insert).run(namespace, id, tool ?? null, JSON.stringify(metadata), startedAt, startedSeq)
    },
    /** After the commit of its row. */
    keep: (active: Active): void => void known.set(nameOf(active.namespace, active.id), active),

    /** What its row says of saves, in the open transaction. */
    noteSave: (into: Database, { namespace, id }: Active, save: BegunSave | undefined, savedSeq: number) =>
      void into.query(setSave).run(save ? JSON.stringify(save) : null, savedSeq, namespace, id),

    remove: (into: Database, { namespace, id }: Active): void => void into.query(remove).run(namespace, id),
    drop: ({ namespace, id }: Active): void => void known.delete(nameOf(namespace, id)),
  }
}

/** Takes them out by `work`; whoever speaks to one meanwhile waits for its end, and finds it there or not. */
export const taking = async (some: readonly Active[], work: () => Promise<void>): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  for (const one of some) one.leaving = promise
  try {
    await work()
  } finally {
    for (const one of some) one.leaving = undefined
    resolve()
  }
}

const message = `SELECT 1 AS there FROM streams
  WHERE namespace = +? AND channel = +? AND type = 'message.added' AND events > 0`

export const hasMessage = (reader: Database, active: Active): boolean =>
  reader.query<{ there: number }, [string, string]>(message).get(active.namespace, channelOf(active)) !== null

export const fieldsOf = (text: string): Record<string, unknown> => {
  const value: unknown = JSON.parse(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

const saveOf = (text: string): BegunSave | undefined => {
  const { version, at, commit, upTo, stays } = fieldsOf(text)
  if (typeof version !== 'string' || typeof at !== 'number' || typeof upTo !== 'number') return undefined
  return { version, at, upTo, stays: stays === true, ...(typeof commit === 'string' && { commit }) }
}

/** What events of its channel say. Others may post there too: what is not whole is left out. */
export const saidIn = (events: readonly LogEvent[]): Said => {
  const said: Said = { messages: [], changes: [] }
  for (const { type, dataText, at } of events) {
    if (type !== 'message.added' && type !== 'code.changed') continue
    const { role, content, filePath, before, after } = fieldsOf(dataText)
    if (type === 'message.added' && typeof role === 'string' && typeof content === 'string')
      said.messages.push({ role, content, at })
    if (type === 'code.changed' && typeof filePath === 'string')
      said.changes.push({ filePath, before: textOrNull(before), after: textOrNull(after), at })
  }
  return said
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)
