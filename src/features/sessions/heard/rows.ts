// What is kept of messages for sessions that were started elsewhere: their rows among those of every session's inbox.

import type { Database } from 'bun:sqlite'
import { type Urgency, urgencies } from '../../../protocol/sessions.ts'
import type { Message } from '../queue.ts'

/** ways to hand a message to a session that was started elsewhere */
export const ways = ['inbox', 'hook', 'stop', 'rewake'] as const
export type Way = (typeof ways)[number]

/** It was handed over: how, when, and in the reply to which hook. */
export type Given = {
  how: Way
  at: number
  key: string | undefined
  /** the number of its `message.delivered`; 0: of a run before this one */
  seq: number
}

export type Waiting = Message & { at: number; given: Given | undefined }

type Row = {
  id: string
  message: string
  at: number
  by: string
  urgency: string
  text: string
  cause: string | null
  given_how: string | null
  given_at: number | null
  given_key: string | null
}

const all = `SELECT id, message, at, by, urgency, text, cause, given_how, given_at, given_key FROM session_inbox
  WHERE namespace = '' AND text IS NOT NULL ORDER BY seq`
const insert = `INSERT INTO session_inbox (namespace, id, message, seq, at, by, urgency, text, cause)
  VALUES ('', ?, ?, ?, ?, ?, ?, ?, ?)`
const give = `UPDATE session_inbox SET given_how = ?, given_at = ?, given_key = ?
  WHERE namespace = '' AND id = +? AND message = +?`

export const heardInbox = {
  add: (
    database: Database,
    session: string,
    { id, at, by, urgency, text, cause }: Waiting,
    seq: number,
  ): void => void database.query(insert).run(session, id, seq, at, by, urgency, text, cause ?? null),

  /** Undefined: it waits again. */
  give: (database: Database, session: string, { id }: Waiting, given: Given | undefined): void =>
    void database.query(give).run(given?.how ?? null, given?.at ?? null, given?.key ?? null, session, id),

  /** By session, each in its order. */
  all: (database: Database): Map<string, Waiting[]> => {
    const found = new Map<string, Waiting[]>()
    for (const row of database.query<Row, []>(all).all()) {
      const queue = found.get(row.id)
      if (queue) queue.push(waitingOf(row))
      else found.set(row.id, [waitingOf(row)])
    }
    return found
  },
}

const waitingOf = (row: Row): Waiting => {
  const how = ways.find((way) => way === row.given_how)
  return {
    id: row.message,
    at: row.at,
    by: row.by,
    urgency: urgencyOf(row.urgency),
    text: row.text,
    cause: row.cause ?? undefined,
    given: how && { how, at: row.given_at ?? 0, key: row.given_key ?? undefined, seq: 0 },
  }
}

const urgencyOf = (text: string): Urgency => urgencies.find((each) => each === text) ?? 'next-turn'
