// What a session changed in files: each change as its tool told of it, in the order they happened. Made from the kept
// records when it is asked for; contents of excluded files were never kept, and that is said.

import type { Database } from 'bun:sqlite'
import type { FileChange } from '../protocol/prompts.ts'
import { givenIn, patchOf, patchOfCaptured } from './changes/patch.ts'
import type { PromptAnswers } from './prompt-calls.ts'
import { findSession, type MessageReader, shownSession } from './read.ts'
import { type MessageRow, messageColumns } from './schema.ts'

type Change = {
  id: number
  message: number
  result: number | null
  use: string | null
  path: string
  at: number
  kind: string
}

const pageChanges = 100
/** a page ends early when its patches hold so much text */
const pageCharacters = 4 * 1024 * 1024
/** changes that are compared before others have their turn */
const sliceChanges = 5

export const changeAnswers = (
  database: Database,
  reader: MessageReader,
  turn: () => Promise<void>,
): Pick<PromptAnswers, 'changes'> => {
  const byId = database.query<MessageRow, [number]>(`SELECT ${messageColumns} FROM messages WHERE id = +?`)
  const page = database.query<Change, [number, number, number]>(
    `SELECT id, message, result, use, path, at, kind FROM changes WHERE session = +? AND id > +? ORDER BY id LIMIT ?`,
  )

  const shown = (change: Change): FileChange => {
    const { message, result, use, path, at, kind } = change
    const row = byId.get(message)
    const record = row && reader.record(row)
    const told = { path, at, message, kind, ...(row?.tool != null && { tool: row.tool }) }
    if (!record) return { ...told, patch: '', added: 0, removed: 0, damaged: true }
    if (record['type'] === 'captured.change') return { ...told, ...patchOfCaptured(record) }
    const answer = result === null ? null : byId.get(result)
    const gave = answer ? reader.record(answer)?.['toolUseResult'] : undefined
    return { ...told, ...patchOf(givenIn(record, use), gave) }
  }

  return {
    changes: async ({ id, after }) => {
      const session = findSession(database, id)
      const rows = page.all(session.number, after ?? 0, pageChanges)
      const changes: FileChange[] = []
      let characters = 0
      for (const [at, row] of rows.entries()) {
        const change = shown(row)
        changes.push(change)
        characters += change.patch.length
        const more = at + 1 < rows.length || rows.length === pageChanges
        if (more && (characters > pageCharacters || at + 1 === rows.length))
          return { session: shownSession(session), changes, next: row.id }
        if (at % sliceChanges === 0) await turn()
      }
      return { session: shownSession(session), changes }
    },
  }
}
