// Streams: one row for all events of a type on a channel of a namespace, and the totals that are read from them. The log
// asks for a stream at each event; what many events add to the counters is written at once.

import type { Database } from 'bun:sqlite'
import type { LogEvent } from './log-event.ts'

/** names kept in memory; beyond it the oldest half is looked up again */
const cachedNames = 5000

export type Stream = {
  readonly id: number
  readonly namespace: string
  readonly channel: string
  readonly type: string
  readonly reserved: boolean
}

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

  const known = new Map<string, Stream>()
  let last: Stream | undefined
  let nextId: number | undefined

  const remember = (name: string, stream: Stream): Stream => {
    if (known.size >= cachedNames) {
      let drop = cachedNames / 2
      for (const old of known.keys()) {
        if (drop-- === 0) break
        known.delete(old)
      }
    }
    known.set(name, stream)
    return (last = stream)
  }

  const of = (namespace: string, channel: string, type: string, reserved: boolean): Stream => {
    // events of one stream often come together
    if (last?.channel === channel && last.type === type && last.namespace === namespace) return last
    // \n cannot occur in a namespace, a channel or a type
    const name = `${namespace}\n${channel}\n${type}`
    const cached = known.get(name)
    if (cached) return (last = cached)
    const found = find.get(namespace, channel, type)?.id
    if (found !== undefined) return remember(name, { id: found, namespace, channel, type, reserved })
    const id = nextId ?? (highest.get()?.id ?? 0) + 1
    insert.run(id, namespace, channel, type, reserved ? 1 : 0)
    nextId = id + 1
    return remember(name, { id, namespace, channel, type, reserved })
  }

  return {
    /** The largest number that was written with `write`. */
    head: (): number => highest.get()?.seq ?? 0,

    /** The stream of such events; its row is written on first sight, in the open transaction. */
    of,

    /** Adds these events, oldest first, to their streams, the index of them and the totals; part of the open transaction. */
    write: (events: readonly LogEvent[]): void => {
      const found = new Map<Stream, number[]>()
      let seqs: number[] | undefined
      let before: Stream | undefined
      for (const { namespace, channel, type, reserved, seq } of events) {
        const stream = of(namespace, channel, type, reserved)
        if (stream !== before || !seqs) {
          seqs = found.get(stream)
          if (!seqs) found.set(stream, (seqs = []))
          before = stream
        }
        seqs.push(seq)
      }
      const totals = new Map<string, { namespace: string; name: string; events: number }>()
      const addTo = (namespace: string, name: string, more: number) => {
        const total = totals.get(`${namespace}\n${name}`)
        if (total) total.events += more
        else totals.set(`${namespace}\n${name}`, { namespace, name, events: more })
      }
      for (const [{ id, namespace, type, reserved }, its] of found) {
        for (const seq of its) index.run(id, seq)
        update.run(its.length, its.at(-1) ?? 0, id)
        if (reserved) continue
        addTo(namespace, 'events', its.length)
        addTo(namespace, `type:${type}`, its.length)
      }
      for (const { namespace, name, events: more } of totals.values()) add.run(namespace, name, more)
    },

    /** Something was undone: rows that it made may be gone. */
    forget: (): void => {
      known.clear()
      last = undefined
      nextId = undefined
    },

    close: (): void => {
      for (const statement of [find, insert, index, update, add, highest]) statement.finalize()
    },
  }
}
