// Searching what was said: which messages match (search/matches.ts), and what of each shows why (search/marks.ts).
// Promises: whatever is typed is an answer, never an error of the database's; a term that is in every message is
// answered as fast as a rare one.

import type { Database } from 'bun:sqlite'
import type { Hit } from '../protocol/prompts.ts'
import type { PromptAnswers, Scope } from './prompt-calls.ts'
import { findSession, type MessageReader, shownSession } from './read.ts'
import { type MessageRow, messageColumns } from './schema.ts'
import type { SessionRow } from './sessions.ts'
import { excerptOf, patternOf } from './search/marks.ts'
import { createMatcher, type Span } from './search/matches.ts'
import { phrasesOf } from './search/terms.ts'

/** messages that are unpacked before others have their turn */
const sliceHits = 10
/** characters of a prompt in a list */
const promptCharacters = 300

/** The condition on rows of `sessions` that a scope is, with its parameters. */
const sessionsWhere = ({ repository, since, tool }: Scope): { sql: string; values: (string | number)[] } => {
  let sql = 'records > 0'
  const values: (string | number)[] = []
  if (repository) {
    const { folder, common } = repository
    const below = folder.endsWith('/') ? folder : `${folder}/`
    // of a repository that is gone, or of none, the folder tells
    sql += common === undefined ? ' AND (0' : ' AND (repository = +?'
    if (common !== undefined) values.push(common)
    const inside = '(folder = +? OR substr(folder, 1, +?) = +?)'
    sql += common === undefined ? ` OR ${inside})` : ` OR (repository IS NULL AND ${inside}))`
    values.push(folder, below.length, below)
  }
  if (since !== undefined) {
    sql += ' AND last_at >= +?'
    values.push(since)
  }
  if (tool !== undefined) {
    sql += ' AND tool = +? COLLATE NOCASE'
    values.push(tool)
  }
  return { sql, values }
}

export const searchAnswers = (
  database: Database,
  reader: MessageReader,
  turn: () => Promise<void>,
): Pick<PromptAnswers, 'search' | 'conversations'> => {
  const match = createMatcher(database)
  const byId = database.query<MessageRow, [number]>(`SELECT ${messageColumns} FROM messages WHERE id = +?`)
  const byNumber = database.query<SessionRow, [number]>('SELECT * FROM sessions WHERE number = +?')
  const firstPrompt = database.query<MessageRow, [number]>(
    `SELECT ${messageColumns} FROM messages WHERE session = +? AND kind = 'prompt' AND agent IS NULL ORDER BY id LIMIT 1`,
  )

  const spansOf = (scope: Scope): Span[] | undefined => {
    if (!scope.repository && scope.tool === undefined) return undefined
    const { sql, values } = sessionsWhere(scope)
    return database
      .query<Span, (string | number)[]>(
        `SELECT number, first_at, last_at FROM sessions WHERE ${sql} AND last_at IS NOT NULL ORDER BY last_at DESC`,
      )
      .all(...values)
  }

  const hitOf = (id: number, pattern: RegExp): Hit | undefined => {
    const row = byId.get(id)
    const session = row && byNumber.get(row.session)
    const [message] = row ? reader.messages([row]) : []
    if (!session || !message) return undefined
    const { at, role, kind, tool, agent, text } = message
    return {
      session: session.id,
      tool: session.tool,
      ...(session.title !== null && { title: session.title }),
      ...(session.folder !== null && { folder: session.folder }),
      message: {
        id,
        at,
        role,
        kind,
        ...(tool !== undefined && { tool }),
        ...(agent !== undefined && { agent }),
      },
      ...excerptOf(text, pattern),
      length: text.length,
    }
  }

  return {
    search: async ({ text, scope, limit }) => {
      const phrases = phrasesOf(text)
      const { ids, ...found } = match(phrases, { since: scope.since ?? 0, sessions: spansOf(scope) }, limit)
      const hits: Hit[] = []
      if (ids.length > 0) {
        const pattern = patternOf(phrases)
        for (const [at, id] of ids.entries()) {
          if (at % sliceHits === sliceHits - 1) await turn()
          const hit = hitOf(id, pattern)
          if (hit) hits.push(hit)
        }
      }
      return { hits, ...found }
    },

    conversations: ({ scope, limit, before, id }) => {
      const { sql, values } = sessionsWhere(scope)
      const rows =
        id === undefined
          ? database
              .query<SessionRow, (string | number)[]>(
                `SELECT * FROM sessions WHERE ${sql} AND prompts > 0 AND last_at < +? ORDER BY last_at DESC LIMIT +?`,
              )
              .all(...values, before ?? Number.MAX_SAFE_INTEGER, limit)
          : [findSession(database, id)]
      const last = rows.at(-1)
      return {
        conversations: rows.map((row) => {
          const first = firstPrompt.get(row.number)
          const [prompt] = first ? reader.messages([first]) : []
          const text = prompt?.text.slice(0, promptCharacters).toWellFormed()
          return { session: shownSession(row), ...(text !== undefined && { prompt: text }) }
        }),
        ...(id === undefined && rows.length === limit && last?.last_at != null && { next: last.last_at }),
      }
    },
  }
}
