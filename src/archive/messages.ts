// What follows from a record: its messages, the words one finds them by, the files that were changed, what the model
// cost. Written in the transaction of the record's line.

import type { Database } from 'bun:sqlite'
import type { Fields } from '../lib/fields.ts'
import { textIn } from '../lib/fields.ts'
import { type Part, partsOf, timeOf } from './records.ts'
import { seenAt, type SessionRow, tell } from './sessions.ts'
import type { Place } from './chunks.ts'
import { titleFrom, titleRanks, toldBy, usageOf } from './session-facts.ts'

/** ids of messages are their time times this, so that so many of one millisecond have room */
export const idsPerMs = 16

/** what is looked up is found by so much of it; the rest of a longer text is kept and not found */
const indexedCharacters = 64 * 1024

const indexed = new Set<string>(['prompt', 'answer', 'summary', 'tool'])

const uuidShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export type MessageWriter = {
  /**
   * Writes what follows from a record.
   * @param at when it says no time
   * @returns the time it happened
   */
  write: (session: SessionRow, record: Fields, place: Place, agent: string | null, at: number) => number
}

/** Ids next to each other that are known to be taken: of many messages at one time each need not try all of them. */
const createTaken = () => {
  let first = 0
  let last = -1
  return {
    after: (id: number): number => (id >= first && id <= last ? last + 1 : id),
    /** It is taken; gives back the next that may be free. */
    note: (id: number): number => {
      if (id !== last + 1) first = id
      last = id
      return id + 1
    },
  }
}

export const createMessageWriter = (database: Database): MessageWriter => {
  const insert = database.query(
    `INSERT INTO messages (id, session, chunk, start, part, at, role, kind, tool, agent, uuid, copy)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
  )
  const index = database.query('INSERT INTO words (rowid, text) VALUES (?, ?)')
  const sameUuid = database.query<{ id: number; session: number; copy: number | null }, [Uint8Array]>(
    'SELECT id, session, copy FROM messages WHERE uuid = +?',
  )
  const knownUsage = database.query<
    { input: number; output: number; cache_read: number; cache_write: number },
    [number, string]
  >('SELECT input, output, cache_read, cache_write FROM usages WHERE session = +? AND message = +?')
  const setUsage = database.query(
    'INSERT OR REPLACE INTO usages (session, message, input, output, cache_read, cache_write) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const addChange = database.query(
    'INSERT INTO changes (session, message, use, path, at, kind) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const dropChange = database.query('DELETE FROM changes WHERE use = +? AND session = +?')
  const endChange = database.query(
    'UPDATE changes SET result = ?, kind = coalesce(?, kind) WHERE use = +? AND session = +?',
  )
  const parentOf = database.query(
    `UPDATE sessions SET parent = (SELECT id FROM sessions WHERE number = +?), parent_kind = 'fork'
     WHERE number = +? AND (parent IS NULL OR parent_kind = 'fork')`,
  )

  const taken = createTaken()

  const noteUsage = (session: SessionRow, record: Fields): void => {
    const usage = usageOf(record)
    if (!usage) return
    const known = knownUsage.get(session.number, usage.message)
    const input = Math.max(usage.input, known?.input ?? 0)
    const output = Math.max(usage.output, known?.output ?? 0)
    const cacheRead = Math.max(usage.cacheRead, known?.cache_read ?? 0)
    const cacheWrite = Math.max(usage.cacheWrite, known?.cache_write ?? 0)
    const more =
      input + output + cacheRead + cacheWrite >
      (known ? known.input + known.output + known.cache_read + known.cache_write : -1)
    if (!more) return
    setUsage.run(session.number, usage.message, input, output, cacheRead, cacheWrite)
    session.input_tokens += input - (known?.input ?? 0)
    session.output_tokens += output - (known?.output ?? 0)
    session.cache_read_tokens += cacheRead - (known?.cache_read ?? 0)
    session.cache_write_tokens += cacheWrite - (known?.cache_write ?? 0)
  }

  const noteChange = (session: SessionRow, part: Part, message: number, at: number): void => {
    if (part.kind === 'result') {
      if (part.use === undefined) return
      if (part.failed) dropChange.run(part.use, session.number)
      else endChange.run(message, part.change?.kind ?? null, part.use, session.number)
    } else if (part.change)
      addChange.run(session.number, message, part.use ?? null, part.change.path, at, part.change.kind)
  }

  return {
    write: (session, record, place, agent, before) => {
      const at = timeOf(record) ?? before
      const said = textIn(record, 'uuid')
      const uuid =
        said !== undefined && uuidShape.test(said) ? Buffer.from(said.replaceAll('-', ''), 'hex') : null
      const parts = partsOf(record)
      tell(session, toldBy(record))
      // records without a time are as old as their file
      if (timeOf(record) !== undefined || session.last_at === null) seenAt(session, at)
      const same = uuid && parts.length > 0 ? sameUuid.all(uuid) : []
      if (same.some((each) => each.session === session.number)) return at
      const [first] = same
      if (first) parentOf.run((same.find((each) => each.copy === null) ?? first).session, session.number)
      else noteUsage(session, record)

      let id = at * idsPerMs
      for (const [number, part] of parts.entries()) {
        const original = same[number] ?? first
        const copy = original ? (original.copy ?? original.id) : null
        const { chunk, start } = place
        const add = () =>
          insert.run(
            id,
            session.number,
            chunk,
            start,
            number,
            at,
            part.role,
            part.kind,
            part.tool ?? null,
            agent,
            uuid,
            copy,
          ).changes
        id = taken.after(id)
        while (add() === 0) id = taken.note(id)
        taken.note(id)
        session.messages++
        if (part.kind === 'prompt' && agent === null) {
          session.prompts++
          tell(session, { title: { text: titleFrom(part.text), rank: titleRanks.prompt } })
        }
        if (copy === null) {
          const words = part.words ?? part.text
          if (indexed.has(part.kind) && words !== '') index.run(id, words.slice(0, indexedCharacters))
          noteChange(session, part, id, at)
        }
        id++
      }
      return at
    },
  }
}
