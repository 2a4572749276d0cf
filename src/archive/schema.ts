// THE ARCHIVE'S FILE, `archive.db`: every conversation, kept whatever its tool deletes.
//
// The raw is the truth: `chunks` hold the lines of a session's transcripts as they were (without the contents of
// excluded files), about 256 KiB each, zstd, each with its hash and the hash of all up to it. Everything else follows
// from them. Written by the worker alone, so that no hook waits for it; read there too.
//
// sessions  one row each. `id` is the tool's own. `repository` is the git folder that all worktrees share,
//           `toplevel` the session's working tree; both NULL outside a repository. Tokens count each answer of the
//           model once (`usages`); what a fork repeats counts where it was first.
// sources   the files (or `capture:<id>` for sessions handed over) that lines come from, and how far they were read. Up to
//           `known_until` a file may hold lines that its session has already.
// chunks    `start` in messages is the offset of a line in its chunk's uncompressed bytes.
// messages  what people read, one row for each part of a record: kind prompt, answer, thinking, tool (what a tool was
//           given), result (what it gave), summary, note. `id` is its time times 16, made unique: messages in the
//           order of their ids are in the order of time, also across sessions, and a span of time is a range of ids.
//           `copy` names the message that a forked session's history repeats. The text is in the chunk: see read.ts.
// words     FTS5 without content; rowid = messages.id. Holds prompts, answers, summaries and what tools were given; no results,
//           no thinking, no copies.
// changes   a file that a tool changed: absolute path, message = the use of the tool, result = what it gave (NULL
//           while unknown). A use that failed leaves no row.

import { Database } from 'bun:sqlite'
import { archiveSchema } from '../protocol/archive.ts'
import { PaidError } from '../protocol/error.ts'

type Step = (database: Database) => void

/** as many as the phrasebook says there are */
const steps: readonly Step[] & { readonly length: typeof archiveSchema } = [
  function archive(database) {
    database.run(`CREATE TABLE sessions (
      number INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      tool TEXT NOT NULL,
      title TEXT,
      title_rank INTEGER NOT NULL DEFAULT 0,
      folder TEXT,
      repository TEXT,
      toplevel TEXT,
      branch TEXT,
      model TEXT,
      parent TEXT,
      parent_kind TEXT,
      first_at INTEGER,
      last_at INTEGER,
      messages INTEGER NOT NULL DEFAULT 0,
      prompts INTEGER NOT NULL DEFAULT 0,
      records INTEGER NOT NULL DEFAULT 0,
      bad INTEGER NOT NULL DEFAULT 0,
      bytes INTEGER NOT NULL DEFAULT 0,
      input_tokens INTEGER NOT NULL DEFAULT 0,
      output_tokens INTEGER NOT NULL DEFAULT 0,
      cache_read_tokens INTEGER NOT NULL DEFAULT 0,
      cache_write_tokens INTEGER NOT NULL DEFAULT 0,
      cost REAL,
      lines_added INTEGER,
      lines_removed INTEGER,
      chunks INTEGER NOT NULL DEFAULT 0,
      hash BLOB
    ) STRICT`)
    database.run('CREATE INDEX sessions_last ON sessions (last_at)')
    database.run('CREATE INDEX sessions_repository ON sessions (repository, last_at)')
    database.run(`CREATE TABLE sources (
      id INTEGER PRIMARY KEY,
      path TEXT NOT NULL UNIQUE,
      session INTEGER,
      agent TEXT,
      device INTEGER NOT NULL DEFAULT 0,
      inode INTEGER NOT NULL DEFAULT 0,
      offset INTEGER NOT NULL DEFAULT 0,
      known_until INTEGER NOT NULL DEFAULT 0,
      tail BLOB,
      last_at INTEGER,
      bad INTEGER NOT NULL DEFAULT 0,
      withheld TEXT
    ) STRICT`)
    database.run('CREATE INDEX sources_session ON sources (session)')
    database.run('CREATE INDEX sources_inode ON sources (inode)')
    database.run(`CREATE TABLE bad_lines (
      source INTEGER NOT NULL,
      offset INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      reason TEXT NOT NULL,
      PRIMARY KEY (source, offset)
    ) STRICT, WITHOUT ROWID`)
    database.run(`CREATE TABLE chunks (
      id INTEGER PRIMARY KEY,
      session INTEGER NOT NULL,
      number INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      hash BLOB NOT NULL,
      chain BLOB NOT NULL,
      data BLOB NOT NULL
    ) STRICT`)
    database.run('CREATE UNIQUE INDEX chunks_number ON chunks (session, number)')
    database.run(`CREATE TABLE messages (
      id INTEGER PRIMARY KEY,
      session INTEGER NOT NULL,
      chunk INTEGER NOT NULL,
      start INTEGER NOT NULL,
      part INTEGER NOT NULL,
      at INTEGER NOT NULL,
      role TEXT NOT NULL,
      kind TEXT NOT NULL,
      tool TEXT,
      agent TEXT,
      uuid BLOB,
      copy INTEGER
    ) STRICT`)
    database.run('CREATE INDEX messages_session ON messages (session, id)')
    database.run('CREATE INDEX messages_uuid ON messages (uuid) WHERE uuid IS NOT NULL')
    database.run(`CREATE VIRTUAL TABLE words USING fts5(
      text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
    )`)
    database.run(`CREATE TABLE usages (
      session INTEGER NOT NULL,
      message TEXT NOT NULL,
      input INTEGER NOT NULL,
      output INTEGER NOT NULL,
      cache_read INTEGER NOT NULL,
      cache_write INTEGER NOT NULL,
      PRIMARY KEY (session, message)
    ) STRICT, WITHOUT ROWID`)
    database.run(`CREATE TABLE changes (
      id INTEGER PRIMARY KEY,
      session INTEGER NOT NULL,
      message INTEGER NOT NULL,
      result INTEGER,
      use TEXT,
      path TEXT NOT NULL,
      at INTEGER NOT NULL,
      kind TEXT NOT NULL
    ) STRICT`)
    database.run('CREATE INDEX changes_path ON changes (path, at)')
    database.run('CREATE INDEX changes_session ON changes (session, at)')
    database.run('CREATE INDEX changes_use ON changes (use, session) WHERE use IS NOT NULL')
  },
]

/** What a row of messages says of itself. */
export type MessageRow = {
  id: number
  session: number
  chunk: number
  start: number
  part: number
  at: number
  role: string
  kind: string
  tool: string | null
  agent: string | null
  copy: number | null
}

export const messageColumns = 'id, session, chunk, start, part, at, role, kind, tool, agent, copy'

const cacheKiB = 16 * 1024

/** The one writing connection, migrated. Throws `incompatible` for a newer schema. */
export const openArchiveFile = (path: string): Database => {
  const database = new Database(path, { create: true, strict: true })
  try {
    database.run('PRAGMA busy_timeout = 5000')
    const found = database.query<{ user_version: number }, []>('PRAGMA user_version').get()?.user_version ?? 0
    if (found > archiveSchema)
      throw new PaidError(
        'incompatible',
        `The archive has schema ${found}; this paid knows schema ${archiveSchema}`,
        'Use the newer binary that wrote it, or another PAID_HOME. Nothing was changed.',
      )
    if (found === 0) database.run('PRAGMA page_size = 8192')
    database.run('PRAGMA journal_mode = WAL')
    // a COMMIT that power took is read again from its source: sources remember their place in the same COMMIT
    database.run('PRAGMA synchronous = NORMAL')
    database.run(`PRAGMA cache_size = -${cacheKiB}`)
    database.run('PRAGMA mmap_size = 0')
    database.run('PRAGMA temp_store = MEMORY')
    for (const [at, up] of steps.entries()) {
      if (at < found) continue
      database.transaction(() => {
        up(database)
        database.run(`PRAGMA user_version = ${at + 1}`)
      })()
    }
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
