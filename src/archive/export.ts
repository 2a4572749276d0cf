// A kept session as a document, piece by piece, so that a large one is never in memory whole. Everything in it has been
// through the redactor: text by text, before it is escaped or put into JSON, so that neither hides a secret.

import type { Database } from 'bun:sqlite'
import type { ArchivedSession } from '../protocol/archive.ts'
import { redact } from '../lib/redact.ts'
import { chunksOf, linesOf } from './chunks.ts'
import type { Format } from './export/format.ts'
import { html } from './export/html.ts'
import { json } from './export/json.ts'
import { markdown } from './export/markdown.ts'
import { redactedLine } from './export/raw.ts'
import { type MessageReader, shownSession } from './read.ts'
import type { SessionRow } from './sessions.ts'

const formats: Record<'md' | 'json' | 'html', Format> = { md: markdown, json, html }

const pieceMessages = 200
const pieceBytes = 1024 * 1024

export type Piece = { text: string; found: Record<string, number>; next?: number }

/** @param after the last message of the piece before; of the raw lines, the last chunk */
export const exportPiece = ({
  database,
  reader,
  session: row,
  format,
  after,
}: {
  database: Database
  reader: MessageReader
  session: SessionRow
  format: 'md' | 'json' | 'jsonl' | 'html'
  after: number | undefined
}): Piece => {
  const found: Record<string, number> = {}
  const safe = (text: string): string => {
    const redacted = redact(text)
    for (const [kind, count] of Object.entries(redacted.found)) found[kind] = (found[kind] ?? 0) + count
    return redacted.text
  }
  if (format === 'jsonl') {
    const number = after === undefined ? 0 : after + 1
    const [chunk] = chunksOf(database, row.number, number).take(1)
    if (!chunk) return { text: '', found }
    const text = [...linesOf(chunk)].map((line) => `${redactedLine(line, safe)}\n`).join('')
    return { text, found, ...(number + 1 < row.chunks && { next: number }) }
  }

  const { head, message: write, foot } = formats[format]
  const session = shownSession(row)
  let text = after === undefined ? head(redactedSession(session, safe)) : ''
  const rows = reader.page(row.number, after ?? -1, pieceMessages)
  let first = after === undefined
  for (const [at, each] of rows.entries()) {
    for (const message of reader.messages([each]))
      text += write({ ...message, text: safe(message.text) }, first)
    first = false
    const more = at + 1 < rows.length || rows.length === pieceMessages
    if (more && (text.length > pieceBytes || at + 1 === rows.length)) return { text, found, next: each.id }
  }
  return { text: text + foot, found }
}

const redactedSession = (session: ArchivedSession, safe: (text: string) => string): ArchivedSession => ({
  ...session,
  ...(session.title !== undefined && { title: safe(session.title) }),
  ...(session.branch !== undefined && { branch: safe(session.branch) }),
})
