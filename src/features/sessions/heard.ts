// One summary row for each session that was heard, which follows from its events: totals and the list cost the same
// however many events there are. A session's folder is the last one it said; its title is Claude's own, or else the
// first line of its first prompt. In heard/ stands how such a session is talked to, and answered when it asks leave.

import type { Database } from 'bun:sqlite'
import { keepNewest } from '../../lib/newest.ts'
import { sessionPrefix } from '../../protocol/channel.ts'
import { eventId } from '../../protocol/event.ts'
import { limits } from '../../protocol/limits.ts'
import type { Session } from '../../protocol/sessions.ts'
import type { Log } from '../../core/log.ts'
import type { LogEvent } from '../../core/log-event.ts'
import { addToCounter } from '../../core/streams.ts'
import { isInbox } from './mailbox.ts'

/** after its end only its receipts come: they do not say that it is back */
const endTypes = ['SessionEnd', 'session.end']
const receipts = ['message.expired', 'permission.cancelled']
const inSql = (types: readonly string[]): string => `(${types.map((type) => `'${type}'`).join(', ')})`

const add = `UPDATE sessions SET events = events + ?1, last_seq = ?2, last_at = ?3,
    last_type = iif(?4 IN ${inSql(receipts)} AND last_type IN ${inSql(endTypes)}, last_type, ?4)
  WHERE namespace = +?5 AND id = +?6`

const tell = `UPDATE sessions SET folder = coalesce(?, folder), title = coalesce(iif(?, ?, NULL), title, ?)
  WHERE namespace = +? AND id = +?`

const insert = 'INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'

const newest = 'SELECT namespace, id FROM sessions ORDER BY last_seq DESC LIMIT ?'

const beginning = 'SELECT id FROM sessions WHERE namespace = +? AND id >= ? AND id < ? LIMIT 2'

const one = 'SELECT * FROM sessions WHERE namespace = +? AND id = +?'

/** What its events say of a session. */
export type Heard = Pick<
  Session,
  'id' | 'folder' | 'title' | 'events' | 'firstAt' | 'firstEvent' | 'lastAt' | 'lastEvent' | 'lastType'
>

type Row = {
  id: string
  folder: string | null
  title: string | null
  events: number
  first_seq: number
  first_at: number
  last_seq: number
  last_at: number
  last_type: string
}

/** events that say where a session is or what it is called; of the others only a session's first is looked into */
const telling = new Set([
  'SessionStart',
  'CwdChanged',
  'UserPromptSubmit',
  'session.start',
  'session.spawned',
])

const titleLength = 80
/** the sessions that a list can show are known by name, the last heard last */
const recentSessions = 2 * limits.pageEvents

export const createHeard = ({ log }: { log: Log }) => {
  const recent = new Map<string, Recent>()
  let known = false
  let undone = 0

  /** Before anything is added, and before anything is shown. */
  const recall = (reader: Database): void => {
    if (known) return
    known = true
    for (const { namespace, id } of reader.query<Name, [number]>(newest).all(recentSessions).toReversed())
      recent.set(nameOf(namespace, `${sessionPrefix}${id}`), { namespace, id, heard: false })
  }

  log.project((events, database) => {
    recall(database)
    if (log.undone !== undone) {
      // what was told then stands in no row
      undone = log.undone
      for (const session of recent.values()) session.heard = false
    }
    const sums = [...sumUp(events, recent)].sort(([, a], [, b]) => a.last.seq - b.last.seq)
    for (const [name, sum] of sums) {
      write(database, sum)
      recent.delete(name)
      recent.set(name, { namespace: sum.first.namespace, id: sum.id, heard: true })
    }
    keepNewest(recent, recentSessions)
  })

  return {
    /** Rows of a namespace, the last heard first, as many as `isWanted`, or all that are remembered. */
    list: (
      reader: Database,
      namespace: string,
      limit: number,
      isWanted: (heard: Heard) => boolean,
    ): Heard[] => {
      recall(reader)
      const find = reader.query<Row, [string, string]>(one)
      const found: Heard[] = []
      for (const { namespace: of, id } of [...recent.values()].toReversed()) {
        if (found.length === limit) break
        const row = of === namespace ? find.get(of, id) : null
        const heard = row && heardOf(row)
        if (heard && isWanted(heard)) found.push(heard)
      }
      return found.toSorted((a, b) => seqOf(b) - seqOf(a))
    },

    find: (reader: Database, namespace: string, id: string): Heard | undefined => {
      const row = reader.query<Row, [string, string]>(one).get(namespace, id)
      return row ? heardOf(row) : undefined
    },

    /** Ids that begin so; two at most, which is enough to say that it is not one. */
    beginningWith: (reader: Database, namespace: string, start: string): string[] =>
      reader
        .query<{ id: string }, [string, string, string]>(beginning)
        .all(namespace, start, `${start}\u{10ffff}`)
        .map(({ id }) => id),
  }
}

/** Whether the last that was heard of it was its end. */
export const hasEnded = ({ lastType }: Heard): boolean => endTypes.includes(lastType)

const seqOf = ({ lastEvent }: Heard): number => Number(lastEvent.slice('evt_'.length))

const heardOf = (row: Row): Heard => ({
  id: row.id,
  ...(row.folder !== null && { folder: row.folder }),
  ...(row.title !== null && { title: row.title }),
  events: row.events,
  firstAt: row.first_at,
  firstEvent: eventId(row.first_seq),
  lastAt: row.last_at,
  lastEvent: eventId(row.last_seq),
  lastType: row.last_type,
})

/** `heard`: in this run, so that what its first event told is in its row */
type Recent = Name & { heard: boolean }
type Name = { namespace: string; id: string }
type Told = { folder?: string; title?: string; titleGiven?: boolean }
type Sum = { id: string; events: number; first: LogEvent; last: LogEvent; lastType: string; told: Told }

const nameOf = (namespace: string, channel: string): string => `${namespace}\n${channel}`

/** What a group of events says of each session in it. */
const sumUp = (events: readonly LogEvent[], recent: ReadonlyMap<string, Recent>): Map<string, Sum> => {
  const sums = new Map<string, Sum>()
  let sum: Sum | undefined
  for (const event of events) {
    if (!event.channel.startsWith(sessionPrefix) || isInbox(event.channel)) continue
    // events of one session often come together
    if (sum?.last.channel !== event.channel || sum.last.namespace !== event.namespace) {
      const name = nameOf(event.namespace, event.channel)
      sum = sums.get(name)
      if (!sum) {
        const told = recent.get(name)?.heard ? {} : tellingOf(event, {})
        const id = event.channel.slice(sessionPrefix.length)
        sum = { id, events: 0, first: event, last: event, lastType: event.type, told }
        sums.set(name, sum)
      }
    }
    sum.events++
    sum.last = event
    if (!receipts.includes(event.type) || !endTypes.includes(sum.lastType)) sum.lastType = event.type
    if (telling.has(event.type)) sum.told = { ...sum.told, ...tellingOf(event, sum.told) }
  }
  return sums
}

const tellingOf = (event: LogEvent, before: Told): Told => {
  const data: unknown = JSON.parse(event.dataText)
  if (typeof data !== 'object' || data === null) return {}
  const folder =
    textIn(data, 'new_cwd') ??
    textIn(data, 'cwd') ??
    textIn(data, 'workingDirectory') ??
    textIn(data, 'directory')
  const given =
    textIn(data, 'session_title') ?? (event.type === 'session.spawned' ? textIn(data, 'title') : undefined)
  const [line] = (textIn(data, 'prompt') ?? '').trim().split('\n', 1)
  const title = given ?? (before.title === undefined && line ? line : undefined)
  return {
    ...(folder !== undefined && { folder }),
    ...(title !== undefined && { title: title.slice(0, titleLength), titleGiven: given !== undefined }),
  }
}

const textIn = (data: object, name: string): string | undefined => {
  const value: unknown = Object.hasOwn(data, name) ? Reflect.get(data, name) : undefined
  return typeof value === 'string' && value !== '' ? value : undefined
}

const write = (database: Database, { id, events, first, last, lastType, told }: Sum): void => {
  const { namespace } = first
  const folder = told.folder ?? null
  const title = told.title ?? null
  const known = database.query(add).run(events, last.seq, last.at, lastType, namespace, id).changes > 0
  if (!known) {
    database
      .query(insert)
      .run(namespace, id, folder, title, events, first.seq, first.at, last.seq, last.at, lastType)
    database.query(addToCounter).run(namespace, 'sessions', 1)
  } else if (folder !== null || title !== null)
    database.query(tell).run(folder, told.titleGiven ?? false, title, title, namespace, id)
}
