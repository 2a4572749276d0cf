// Streams: one row for all events of a type on a channel of a namespace, and the totals that are read from them. The log
// asks for a stream at each event; what many events add to the counters is written at once.

import type { Database } from 'bun:sqlite'
import type { LogEvent } from './log-event.ts'

/** streams kept in memory; beyond it all are looked up again */
const cachedNames = 5000

/** Adds to a counter of a namespace: `events`, `sessions`, `type:<type>`. */
export const addToCounter =
  'INSERT INTO counters VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value'

export type Streams = ReturnType<typeof createStreams>

export const createStreams = (database: Database) => {
  const find = database.prepare<{ id: number }, [string, string, string]>(
    'SELECT id FROM streams WHERE namespace = +? AND channel = +? AND type = +?',
  )
  const insert = database.prepare('INSERT INTO streams VALUES (?, ?, ?, ?, ?, 0, 0)')
  const index = database.prepare('INSERT INTO stream_events VALUES (?, ?)')
  const update = database.prepare('UPDATE streams SET events = events + ?, last_seq = ? WHERE id = +?')
  const add = database.prepare(addToCounter)
  const highest = database.prepare<{ id: number | null; seq: number | null }, []>(
    'SELECT max(id) AS id, max(last_seq) AS seq FROM streams',
  )

  /** numbers of streams: by namespace, type and channel */
  const known = new Map<string, Map<string, Map<string, number>>>()
  let size = 0
  let nextId: number | undefined

  const knownIn = (namespace: string, type: string): Map<string, number> => {
    let types = known.get(namespace)
    if (!types) known.set(namespace, (types = new Map()))
    let channels = types.get(type)
    if (!channels) types.set(type, (channels = new Map()))
    return channels
  }

  const forget = (): void => {
    known.clear()
    size = 0
    nextId = undefined
  }

  return {
    /** The largest number that was written with `write`. */
    head: (): number => highest.get()?.seq ?? 0,

    /** The number of the stream of such events; its row is written on first sight, in the open transaction. */
    of: (namespace: string, channel: string, type: string, reserved: boolean): number => {
      const cached = knownIn(namespace, type).get(channel)
      if (cached !== undefined) return cached
      if (size >= cachedNames) forget()
      let id = find.get(namespace, channel, type)?.id
      if (id === undefined) {
        id = nextId ?? (highest.get()?.id ?? 0) + 1
        insert.run(id, namespace, channel, type, reserved ? 1 : 0)
        nextId = id + 1
      }
      knownIn(namespace, type).set(channel, id)
      size++
      return id
    },

    /** Adds these events, oldest first, to their streams, the index of them and the totals; part of the open transaction. */
    write: (events: readonly LogEvent[]): void => {
      const found = new Map<number, LogEvent[]>()
      for (const event of events) {
        const its = found.get(event.stream)
        if (its) its.push(event)
        else found.set(event.stream, [event])
      }
      const totals = new Map<string, { namespace: string; name: string; events: number }>()
      const addTo = (namespace: string, name: string, more: number) => {
        const total = totals.get(`${namespace}\n${name}`)
        if (total) total.events += more
        else totals.set(`${namespace}\n${name}`, { namespace, name, events: more })
      }
      for (const [stream, its] of found) {
        for (const { seq } of its) index.run(stream, seq)
        const newest = its.at(-1)
        if (!newest) continue
        update.run(its.length, newest.seq, stream)
        if (newest.reserved) continue
        addTo(newest.namespace, 'events', its.length)
        addTo(newest.namespace, `type:${newest.type}`, its.length)
      }
      for (const { namespace, name, events: more } of totals.values()) add.run(namespace, name, more)
    },

    /** Something was undone: rows that it made may be gone. */
    forget,

    close: (): void => {
      for (const statement of [find, insert, index, update, add, highest]) statement.finalize()
    },
  }
}
