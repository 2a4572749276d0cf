// What the archive knows of a commit: the sessions that changed its files, those that went on meanwhile, what one of
// them said up to then, and the very message that wrote a line.

import type { Database } from 'bun:sqlite'
import type { MadeBy, Said } from '../protocol/commits.ts'
import { savePrompt } from '../lib/prompt-files.ts'
import { createConversations } from './conversations.ts'
import type { CommitAnswers, FileSince } from './commit-calls.ts'
import type { Fields } from '../lib/fields.ts'
import { idsPerMs } from './messages.ts'
import type { MessageReader } from './read.ts'
import { createRealPaths } from './real-paths.ts'
import { type MessageRow, messageColumns } from './schema.ts'
import { sessionBy, type SessionRow } from './sessions.ts'

const changesLookedAt = 10_000
const messagesLookedAt = 2000
/** changes whose text is looked into for a line, and how many before others get their turn */
const textsLookedAt = 1000
const sliceTexts = 20
const sliceFiles = 100
/** characters of a message that are shown */
const shownCharacters = 16 * 1024

type Change = { session: string; message: number; path: string; at: number }

const changesOfFile = `SELECT s.id AS session, c.message, c.path, c.at FROM changes c JOIN sessions s ON s.number = c.session
  WHERE c.path = +? AND c.at > +? AND c.at <= +? ORDER BY c.at DESC LIMIT ?`

const changesInRepository = `SELECT s.id AS session, c.message, c.path, c.at FROM sessions s JOIN changes c ON c.session = s.number
  WHERE s.repository = +? AND s.last_at > +? AND c.at > +? AND c.at <= +? ORDER BY c.at DESC LIMIT ?`

const activeIn = `SELECT id FROM sessions s WHERE repository = +? AND last_at > +? AND EXISTS (
    SELECT 1 FROM messages m WHERE m.session = s.number AND m.id > +? AND m.id <= +?)
  ORDER BY last_at DESC LIMIT ?`

export const commitAnswers = (
  database: Database,
  reader: MessageReader,
  turn: () => Promise<void>,
): CommitAnswers => {
  const before = database.query<MessageRow, [number, number, number]>(
    `SELECT ${messageColumns} FROM messages WHERE session = +? AND id <= +? ORDER BY id DESC LIMIT ?`,
  )
  const after = database.query<MessageRow, [number, number, number]>(
    `SELECT ${messageColumns} FROM messages WHERE session = +? AND id > +? ORDER BY id LIMIT ?`,
  )
  const byId = database.query<MessageRow, [number]>(`SELECT ${messageColumns} FROM messages WHERE id = +?`)

  const changesOf = async ({
    repository,
    files,
    until,
  }: {
    repository: string
    files: FileSince[]
    until: number
  }): Promise<Change[]> => {
    const sinceOf = new Map(files.map(({ path, since }) => [path, since]))
    const earliest = Math.min(...sinceOf.values())
    const ofFile = database.query<Change, [string, number, number, number]>(changesOfFile)
    const found: Change[] = []
    for (const [n, { path, since }] of files.entries()) {
      found.push(...ofFile.all(path, since, until, changesLookedAt))
      if (n % sliceFiles === sliceFiles - 1) await turn()
    }
    // a session may call a file by a link to its folder, or by that of another working tree's
    const realOf = createRealPaths()
    const others = database
      .query<Change, [string, number, number, number, number]>(changesInRepository)
      .all(repository, earliest, earliest, until, changesLookedAt)
      .filter(({ path }) => !sinceOf.has(path))
      .filter(({ path, at }) => at > (sinceOf.get(realOf(path)) ?? Number.POSITIVE_INFINITY))
    return [...found, ...others].sort((a, b) => b.at - a.at)
  }

  const said = (row: MessageRow | undefined): Said | undefined => {
    const [message] = row ? reader.messages([row]) : []
    if (!message) return undefined
    const { id, at, kind, tool, text } = message
    return {
      id,
      at,
      kind,
      ...(tool !== undefined && { tool }),
      text: text.slice(0, shownCharacters).toWellFormed(),
    }
  }

  /** The turn that a message stands in: the prompt that began it, and the last answer in it. */
  const turnOf = (session: SessionRow, id: number): { prompt?: Said; answer?: Said } => {
    const prompt = said(before.all(session.number, id, messagesLookedAt).find(isPrompt))
    const rest = after.all(session.number, prompt?.id ?? id, messagesLookedAt)
    const end = rest.findIndex(isPrompt)
    const answer = said(
      (end < 0 ? rest : rest.slice(0, end)).findLast(
        ({ kind, agent }) => kind === 'answer' && agent === null,
      ),
    )
    return { ...(prompt && { prompt }), ...(answer && { answer }) }
  }

  const shown = (row: SessionRow): MadeBy => ({
    session: row.id,
    tool: row.tool,
    ...(row.title !== null && { title: row.title }),
    ...(row.folder !== null && { folder: row.folder }),
    ...(row.first_at !== null && { firstAt: row.first_at }),
    ...(row.last_at !== null && { lastAt: row.last_at }),
  })

  /** The newest change whose text has the widest of the windows in it. */
  const writerOf = async (
    changes: readonly Change[],
    windows: readonly string[],
  ): Promise<Change | undefined> => {
    const texts: { change: Change; text: string }[] = []
    for (const change of changes.slice(0, textsLookedAt)) {
      const row = byId.get(change.message)
      texts.push({ change, text: row ? writtenIn(reader.record(row)) : '' })
      if (texts.length % sliceTexts === 0) await turn()
    }
    for (const window of windows) {
      const found = texts.find(({ text }) => text.includes(window))
      if (found) return found.change
    }
    return undefined
  }

  const conversationOf = createConversations(database, reader, turn)

  return {
    changedBy: async (asked) => {
      if (asked.files.length === 0) return { sessions: [] }
      const changes = await changesOf(asked)
      return { sessions: [...new Set(changes.map(({ session }) => session))] }
    },

    activeIn: ({ repository, since, until, limit }) => ({
      sessions: database
        .query<{ id: string }, [string, number, number, number, number]>(activeIn)
        .all(repository, since, since * idsPerMs, (until + 1) * idsPerMs, limit)
        .map(({ id }) => id),
    }),

    save: async ({ id, until, repository, folders, save }) => {
      const conversation = await conversationOf(id, until, folders)
      if (!conversation || conversation.messages.length === 0) return {}
      try {
        return { saved: await savePrompt(repository, conversation, save) }
      } catch (error) {
        return { reason: error instanceof Error ? error.message : String(error) }
      }
    },

    behind: async ({ sessions, repository, files, until, windows }) => {
      const changes = files.length === 0 ? [] : await changesOf({ repository, files, until })
      const conversations: MadeBy[] = []
      for (const id of sessions) {
        const row = sessionBy(database, id)
        if (!row) {
          conversations.push({ session: id })
          continue
        }
        const own = changes.filter(({ session }) => session === id)
        const change = windows.length > 0 ? await writerOf(own, windows) : own[0]
        const message = change && (byId.get(change.message) ?? undefined)
        const told = said(message)
        const turns = turnOf(row, message?.id ?? (until + 1) * idsPerMs)
        conversations.push({ ...shown(row), ...(told && { message: told }), ...turns })
        await turn()
      }
      const writer = windows.length > 0 ? await writerOf(changes, windows) : undefined
      return { conversations, writers: writer ? [writer.session] : [] }
    },
  }
}

const isPrompt = ({ kind, agent }: MessageRow): boolean => kind === 'prompt' && agent === null

/** What uses of tools put into their files. */
const writtenIn = (record: Fields | undefined): string => {
  if (record?.['type'] === 'captured.change') return textOf(record['after'])
  const blocks = fieldOf(record?.['message'], 'content')
  if (!Array.isArray(blocks)) return ''
  return blocks
    .flatMap((block: unknown) => {
      const input = fieldOf(block, 'input')
      const edits = fieldOf(input, 'edits')
      return [
        fieldOf(input, 'content'),
        fieldOf(input, 'new_string'),
        fieldOf(input, 'new_source'),
        ...(Array.isArray(edits) ? edits.map((edit: unknown) => fieldOf(edit, 'new_string')) : []),
      ]
    })
    .map(textOf)
    .join('\n')
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value.replaceAll('\r\n', '\n') : '')

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
