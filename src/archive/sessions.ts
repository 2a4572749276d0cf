// The rows of sessions, as they are written: loaded once for a piece of work, changed in memory, written back whole.

import type { Database } from 'bun:sqlite'
import type { Told } from './session-facts.ts'

export type SessionRow = {
  number: number
  id: string
  tool: string
  title: string | null
  title_rank: number
  folder: string | null
  repository: string | null
  toplevel: string | null
  branch: string | null
  model: string | null
  parent: string | null
  parent_kind: string | null
  first_at: number | null
  last_at: number | null
  messages: number
  prompts: number
  records: number
  bad: number
  bytes: number
  input_tokens: number
  output_tokens: number
  cache_read_tokens: number
  cache_write_tokens: number
  cost: number | null
  lines_added: number | null
  lines_removed: number | null
  chunks: number
  hash: Uint8Array | null
}

/** what work on lines changes; how a session hangs together with others is written where it is learnt */
const written = [
  'title',
  'title_rank',
  'folder',
  'branch',
  'model',
  'first_at',
  'last_at',
  'messages',
  'prompts',
  'records',
  'bad',
  'bytes',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'cost',
  'lines_added',
  'lines_removed',
  'chunks',
  'hash',
] as const satisfies readonly (keyof SessionRow)[]

export const sessionBy = (database: Database, id: string): SessionRow | undefined =>
  database.query<SessionRow, [string]>('SELECT * FROM sessions WHERE id = +?').get(id) ?? undefined

/** Its row, made when there is none. */
export const sessionFor = (database: Database, id: string, tool: string): SessionRow => {
  const known = sessionBy(database, id)
  if (known) return known
  database.query('INSERT INTO sessions (id, tool) VALUES (?, ?)').run(id, tool)
  const made = sessionBy(database, id)
  if (!made) throw new Error(`session ${id} was not made`)
  return made
}

export const writeSession = (database: Database, row: SessionRow): void => {
  database
    .query(`UPDATE sessions SET ${written.map((name) => `${name} = ?`).join(', ')} WHERE number = +?`)
    .run(...written.map((name) => row[name]), row.number)
}

/** Notes what a record tells. The folder is the first one said, so that a `cd` moves no session. */
export const tell = (row: SessionRow, { folder, branch, model, title, cost }: Told): void => {
  row.folder ??= folder ?? null
  row.branch = branch ?? row.branch
  row.model = model ?? row.model
  if (title && title.rank >= row.title_rank && (title.rank > 1 || row.title === null)) {
    row.title = title.text
    row.title_rank = title.rank
  }
  if (cost) {
    row.cost = cost.dollars
    row.lines_added = cost.added ?? row.lines_added
    row.lines_removed = cost.removed ?? row.lines_removed
  }
}

export const seenAt = (row: SessionRow, at: number): void => {
  row.first_at = Math.min(row.first_at ?? at, at)
  row.last_at = Math.max(row.last_at ?? at, at)
}
