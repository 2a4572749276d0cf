// What is kept, as the protocol shows it: sessions from their rows, messages from the lines that they stand in.

import type { Database } from 'bun:sqlite'
import { PaidError } from '../protocol/error.ts'
import type { ArchivedMessage, ArchivedSession } from '../protocol/archive.ts'
import { unpacked } from './chunks.ts'
import { isFields } from '../lib/fields.ts'
import { type Part, partsOf } from './records.ts'
import { type MessageRow, messageColumns } from './schema.ts'
import type { SessionRow } from './sessions.ts'

/** unpacked chunks that are remembered */
const rememberedBytes = 8 * 1024 * 1024

export const shownSession = (row: SessionRow): ArchivedSession => {
  const kind = row.parent_kind
  return {
    id: row.id,
    tool: row.tool,
    ...(row.title !== null && { title: row.title }),
    ...(row.folder !== null && { folder: row.folder }),
    ...(row.toplevel !== null && { repository: row.toplevel }),
    ...(row.branch !== null && { branch: row.branch }),
    ...(row.model !== null && { model: row.model }),
    ...(row.parent !== null && { parent: row.parent }),
    ...((kind === 'clear' || kind === 'resume' || kind === 'fork' || kind === 'compact') && {
      parentKind: kind,
    }),
    ...(row.first_at !== null && { firstAt: row.first_at }),
    ...(row.last_at !== null && { lastAt: row.last_at }),
    messages: row.messages,
    prompts: row.prompts,
    records: row.records,
    bad: row.bad,
    bytes: row.bytes,
    tokens: {
      input: row.input_tokens,
      output: row.output_tokens,
      cacheRead: row.cache_read_tokens,
      cacheWrite: row.cache_write_tokens,
    },
    ...(row.cost !== null && { cost: row.cost }),
    ...(row.lines_added !== null && { linesAdded: row.lines_added }),
    ...(row.lines_removed !== null && { linesRemoved: row.lines_removed }),
    hash: row.hash === null ? '' : Buffer.from(row.hash).toString('hex'),
  }
}

/** The session with this id, or the only one whose id begins so. Throws `not_found`, and `bad_request` for several. */
export const findSession = (database: Database, id: string): SessionRow => {
  const exact = database.query<SessionRow, [string]>('SELECT * FROM sessions WHERE id = +?').get(id)
  if (exact) return exact
  const found = database
    .query<SessionRow, [string, string]>(
      'SELECT * FROM sessions WHERE id >= +? AND id < +? AND records > 0 ORDER BY id LIMIT 2',
    )
    .all(id, `${id}\u{10ffff}`)
  const [one, other] = found
  if (one && !other) return one
  if (one)
    throw new PaidError(
      'bad_request',
      `Several sessions begin with ${id}`,
      'Type more of its id: `paid sessions` lists them.',
    )
  throw new PaidError(
    'not_found',
    `No session ${id} is kept`,
    '`paid sessions` lists them; `paid import` takes in older ones.',
  )
}

export type MessageReader = {
  /** The messages of these rows, in their order. One whose bytes are damaged says so in its text. */
  messages: (rows: readonly MessageRow[]) => ArchivedMessage[]
  /** The line that a message stands in; undefined when it is damaged. */
  record: (row: MessageRow) => Record<string, unknown> | undefined
  /** Messages of a session after this id, in the order of time; of `talk` only what was asked and answered. */
  page: (session: number, after: number, limit: number, talk?: boolean) => MessageRow[]
}

export const createMessageReader = (database: Database): MessageReader => {
  const chunk = database.query<{ data: Uint8Array }, [number]>('SELECT data FROM chunks WHERE id = +?')
  const page = database.query<MessageRow, [number, number, number]>(
    `SELECT ${messageColumns} FROM messages WHERE session = +? AND id > +? ORDER BY id LIMIT ?`,
  )
  const talkPage = database.query<MessageRow, [number, number, number]>(
    `SELECT ${messageColumns} FROM messages WHERE session = +? AND id > +? AND kind IN ('prompt', 'answer')
     AND agent IS NULL ORDER BY id LIMIT ?`,
  )
  const remembered = new Map<number, Buffer>()
  let size = 0

  /** the last chunk of a session grows: what is remembered of it is read anew when a message lies behind its end */
  const contentOf = (id: number, start: number): Buffer => {
    const known = remembered.get(id)
    if (known && start < known.length) return known
    const content = unpacked(chunk.get(id)?.data ?? new Uint8Array())
    size += content.length - (known?.length ?? 0)
    remembered.set(id, content)
    for (const [oldest, bytes] of remembered) {
      if (size <= rememberedBytes || oldest === id) break
      remembered.delete(oldest)
      size -= bytes.length
    }
    return content
  }

  const record = (row: MessageRow): Record<string, unknown> | undefined => {
    try {
      const content = contentOf(row.chunk, row.start)
      const end = content.indexOf(10, row.start)
      const parsed: unknown = JSON.parse(content.toString('utf8', row.start, end < 0 ? content.length : end))
      return isFields(parsed) ? parsed : undefined
    } catch {
      return undefined
    }
  }

  let last: { chunk: number; start: number; parts: Part[] | undefined } | undefined
  const partOf = (row: MessageRow): Part | undefined => {
    if (last?.chunk !== row.chunk || last.start !== row.start) {
      const found = record(row)
      last = { chunk: row.chunk, start: row.start, parts: found && partsOf(found) }
    }
    return last.parts?.[row.part]
  }

  return {
    record,
    page: (session, after, limit, talk = false) => (talk ? talkPage : page).all(session, after, limit),
    messages: (rows) =>
      rows.map((row) => {
        const part = partOf(row)
        return {
          id: row.id,
          at: row.at,
          role: row.role,
          kind: part?.kind ?? 'note',
          ...(row.tool !== null && { tool: row.tool }),
          text: part?.text ?? '[damaged: see `paid archive verify`]',
          ...(row.agent !== null && { agent: row.agent }),
          ...(part?.failed && { failed: true }),
        }
      }),
  }
}
