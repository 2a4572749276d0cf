// Streams: one row for all events of a type on a channel of a namespace, and the totals that are read from them. The log
// asks for a stream at each event, and writes the counters of a whole group at once, in that group's own transaction.

import type { Database } from 'bun:sqlite'

/** names kept in memory; beyond it the oldest half is looked up again */
const cachedNames = 20_000

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

export const createStreams = (database: Database) => {
  const find = database.prepare<{ id: number }, [string, string, string]>(
    'SELECT id FROM streams WHERE namespace = +? AND channel = +? AND type = +?',
  )
  const insert = database.prepare('INSERT INTO streams VALUES (?, ?, ?, ?, ?, 0, 0)')
  const update = database.prepare('UPDATE streams SET events = events + ?, last_seq = ? WHERE id = +?')
  const add = database.prepare(addToCounter)
  const highest = database.prepare<{ id: number | null; seq: number | null }, []>(
    'SELECT max(id) AS id, max(last_seq) AS seq FROM streams',
  )

  const known = new Map<string, Stream>()
  /** the stream of each event of the open group, in order */
  let counted: Stream[] = []
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

  /** A closure was undone: rows that it made may be gone. */
  const forgetNames = (): void => {
    known.clear()
    last = undefined
    nextId = undefined
  }

  return {
    head: (): number => highest.get()?.seq ?? 0,

    /** The stream of such events; its row is written on first sight, in the open transaction. */
    of: (namespace: string, channel: string, type: string, reserved: boolean): Stream => {
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
    },

    count: (stream: Stream): void => {
      counted.push(stream)
    },

    /** Only the first `events` of the open group are left, the others were undone. */
    undoTo: (events: number): void => {
      counted.length = events
      forgetNames()
    },

    /** Writes the counters of the group, whose events are numbered from `firstSeq`; part of its transaction. */
    write: (firstSeq: number): void => {
      const streams = new Map<Stream, { events: number; lastSeq: number }>()
      let sum: { events: number; lastSeq: number } | undefined
      let before: Stream | undefined
      let seq = firstSeq
      for (const stream of counted) {
        if (stream !== before || !sum) {
          sum = streams.get(stream)
          if (!sum) streams.set(stream, (sum = { events: 0, lastSeq: 0 }))
          before = stream
        }
        sum.events++
        sum.lastSeq = seq++
      }
      const totals = new Map<string, { namespace: string; name: string; events: number }>()
      const addTo = (namespace: string, name: string, events: number) => {
        const total = totals.get(`${namespace}\n${name}`)
        if (total) total.events += events
        else totals.set(`${namespace}\n${name}`, { namespace, name, events })
      }
      for (const [stream, { events, lastSeq }] of streams) {
        update.run(events, lastSeq, stream.id)
        if (stream.reserved) continue
        addTo(stream.namespace, 'events', events)
        addTo(stream.namespace, `type:${stream.type}`, events)
      }
      for (const { namespace, name, events } of totals.values()) add.run(namespace, name, events)
      counted = []
    },

    /** The whole group was undone. */
    undoAll: (): void => {
      counted = []
      forgetNames()
    },

    close: (): void => {
      for (const statement of [find, insert, update, add, highest]) statement.finalize()
    },
  }
}
