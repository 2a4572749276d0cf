// Taking lines in: each is looked at once, freed of what must not be kept, put into its session's chunk, and what
// follows from it is written beside it. A slice of a file is there whole, with the place where the next begins, or not
// at all, whenever we are ended. What is taken in by the thousand shares its COMMITs: a page of the index that many
// slices change is then written once, and the disk is left to those who wait for it.
// A line that is no record (cut, not UTF-8, not JSON, too long) stops nothing: it is kept as it is, but for the too long
// ones, counted, and told.

import type { Database } from 'bun:sqlite'
import { isUtf8 } from 'node:buffer'
import { closeSync } from 'node:fs'
import type { IsExcluded } from '../lib/exclude.ts'
import { isDeeper } from '../lib/json-depth.ts'
import { limits } from '../protocol/limits.ts'
import { type ChunkWriter, openChunkWriter } from './chunks.ts'
import { type Fields, isFields, textIn } from '../lib/fields.ts'
import { createLineReader, type Line } from './lines.ts'
import { createMessageWriter } from './messages.ts'
import { isInternal } from './records.ts'
import { type SessionRow, sessionFor, writeSession } from './sessions.ts'
import { expectRepeats, type OpenSource, openSource, type Source, writeSource } from './sources.ts'
import { tellsOfExcluded, withhold } from './withhold.ts'

/** so much of a file is one slice: what others wait for */
const sliceBytes = 512 * 1024
const longestLine = limits.archiveLineBytes
/** a COMMIT that slices share comes after so much of them, or so long */
const heldBytes = 8 * 1024 * 1024
const heldMs = 500
/** bad lines of one file whose places are kept; all are counted */
const badPlacesKept = 1000

export type BadLine = { path: string; offset: number; reason: string }

export type Taken = { records: number; messages: number; bytes: number; bad: BadLine[]; session?: string }

export type Ingest = {
  /**
   * Takes all of a file; `pause` is waited for between slices, false ends it.
   * @param held what was taken is on disk only after `settle`, or by and by
   */
  file: (
    path: string,
    pause: () => Promise<boolean>,
    each: (taken: Taken) => void,
    held?: boolean,
  ) => Promise<void>
  /** Puts on disk what is held. Throws SQLite's errors; then what was held is read again. */
  settle: () => void
  /** Lines that come from no file; `note` runs in their transaction, before them. */
  lines: (id: string, tool: string, lines: readonly string[], note: (session: SessionRow) => void) => void
}

type Read = { record: Fields; line: Uint8Array } | { bad: string; line: Uint8Array }

export const createIngest = (database: Database, isExcluded: IsExcluded): Ingest => {
  const reader = createLineReader(sliceBytes, longestLine)
  const messages = createMessageWriter(database)
  const noteBad = database.query(
    'INSERT OR IGNORE INTO bad_lines (source, offset, bytes, reason) VALUES (?, ?, ?, ?)',
  )
  let writer: ChunkWriter | undefined
  let session: SessionRow | undefined

  const begin = (id: string, tool: string): SessionRow => {
    if (session?.id !== id) session = sessionFor(database, id, tool)
    if (writer?.session !== session.number) writer = openChunkWriter(database, session.number)
    return session
  }

  const end = (row: SessionRow): void => {
    if (!writer) return
    const { chunks, hash } = writer.flush()
    row.chunks = chunks
    row.hash = hash
    writeSession(database, row)
  }

  let holding = false
  let holdBytes = 0
  let holdSince = 0

  const forget = (): void => {
    holding = false
    writer = undefined
    session = undefined
  }

  const settle = (): void => {
    if (!holding) return
    try {
      database.run('COMMIT')
      holding = false
    } catch (error) {
      forget()
      if (database.inTransaction) database.run('ROLLBACK')
      throw error
    }
  }

  const hold = (): void => {
    if (holding && !database.inTransaction) forget() // a full disk ended it
    if (holding) return
    database.run('BEGIN IMMEDIATE')
    holding = true
    holdBytes = 0
    holdSince = performance.now()
  }

  /** One transaction, or a part of the one that is held; what is in memory is forgotten when it fails, and read again. */
  const atOnce = <T>(work: () => T, held = false): T => {
    if (held) hold()
    else settle()
    try {
      return held ? database.transaction(work)() : database.transaction(work).immediate()
    } catch (error) {
      writer = undefined
      session = undefined
      throw error
    } finally {
      // others write rows of sessions between slices
      session = undefined
    }
  }

  const keep = (row: SessionRow, line: Uint8Array) => {
    row.records++
    row.bytes += line.length + 1
    return writer?.add(line) ?? { chunk: 0, start: 0 }
  }

  const takeLine = (source: Source, row: SessionRow, read: Read): void => {
    const place = keep(row, read.line)
    if ('bad' in read) return
    source.lastAt = messages.write(row, read.record, place, source.agent, source.lastAt)
  }

  /** The next slice of an open file; undefined at its end. */
  const slice = (open: OpenSource, held: boolean): Taken | undefined => {
    const { source, file } = open
    const { lines, next } = reader.read(file, source.offset)
    if (next === source.offset) return undefined
    const before = {
      offset: source.offset,
      bad: source.bad,
      lastAt: source.lastAt,
      waiting: [...source.withheld],
    }
    try {
      return atOnce(() => {
        const taken: Taken = { records: 0, messages: 0, bytes: next - source.offset, bad: [] }
        const reads = lines.map((line) => ({ line, read: readLine(line, isExcluded, source.withheld) }))
        if (source.session === undefined) {
          source.session = sessionIn(reads.map(({ read }) => read))
          expectRepeats(database, open)
        }
        const row = source.session === undefined ? undefined : begin(source.session, 'claude-code')
        const had = { records: row?.records ?? 0, messages: row?.messages ?? 0 }
        const places: { offset: number; bytes: number; reason: string }[] = []
        for (const { line, read } of reads) {
          if (source.seen?.has(Bun.hash(read.line))) continue
          if ('bad' in read) {
            source.bad++
            if (row) row.bad++
            const bytes = 'tooLong' in line ? line.tooLong : line.bytes.length
            places.push({ offset: line.offset, bytes, reason: read.bad })
            taken.bad.push({ path: source.path, offset: line.offset, reason: read.bad })
          }
          if (row) takeLine(source, row, read)
        }
        source.offset = next
        if (row) end(row)
        writeSource(database, source, file, row?.number)
        if (source.bad - places.length < badPlacesKept)
          for (const { offset, bytes, reason } of places) noteBad.run(source.id, offset, bytes, reason)
        if (!row) return taken
        return {
          ...taken,
          session: row.id,
          records: row.records - had.records,
          messages: row.messages - had.messages,
        }
      }, held)
    } catch (error) {
      source.offset = before.offset
      source.bad = before.bad
      source.lastAt = before.lastAt
      source.withheld = new Set(before.waiting)
      throw error
    }
  }

  return {
    settle,
    file: async (path, pause, each, held = false) => {
      const open = openSource(database, path)
      try {
        if (open.size === open.source.offset) return
        for (let taken = slice(open, held); taken; taken = slice(open, held)) {
          each(taken)
          holdBytes += taken.bytes
          if (holdBytes > heldBytes || performance.now() - holdSince > heldMs) settle()
          if (!(await pause())) return
        }
      } finally {
        closeSync(open.file)
      }
    },
    lines: (id, tool, lines, note) => {
      atOnce(() => {
        const current = begin(id, tool)
        note(current)
        let at = current.last_at ?? current.first_at ?? Date.now()
        for (const text of lines) {
          const read = readLine({ bytes: Buffer.from(text), offset: 0 }, isExcluded, new Set())
          const place = keep(current, read.line)
          if ('record' in read) at = messages.write(current, read.record, place, null, at)
        }
        end(current)
      })
    },
  }
}

/** The first record that names its session. */
const sessionIn = (reads: readonly Read[]): string | undefined => {
  for (const read of reads) {
    const id = 'record' in read ? textIn(read.record, 'sessionId') : undefined
    if (id !== undefined && Buffer.byteLength(id) <= limits.sessionIdBytes) return id
  }
  return undefined
}

const internalType = /"type":"((?:api-request|file-history)[\w-]*)"/

const readLine = (line: Line, isExcluded: IsExcluded, waiting: Source['withheld']): Read => {
  if ('tooLong' in line) return { bad: 'too long', line: skipped('too long', line.tooLong) }
  const { bytes } = line
  if (!isUtf8(bytes)) return badLine('not UTF-8', bytes, isExcluded)
  const text = bytes.toString('utf8')
  const internal = internalType.exec(text.slice(0, 300))?.[1]
  if (internal !== undefined && isInternal(internal) && !/file_?path|filename|notebook_path/i.test(text))
    return { record: { type: internal }, line: bytes }
  let record: unknown
  try {
    record = JSON.parse(text)
  } catch {
    return badLine('not JSON', bytes, isExcluded)
  }
  if (!isFields(record) || typeof record['type'] !== 'string')
    return badLine('not a record', bytes, isExcluded)
  if (isDeeper(record, limits.jsonDepth)) return badLine('nested too deep', bytes, isExcluded)
  const safe = withhold(record, isExcluded, waiting)
  return safe ? { record: safe, line: Buffer.from(JSON.stringify(safe)) } : { record, line: bytes }
}

/** As it is, but when it may hold something of an excluded file, which cannot be taken out of it. */
const badLine = (bad: string, bytes: Buffer, isExcluded: IsExcluded): Read =>
  tellsOfExcluded(bytes.toString('latin1'), isExcluded)
    ? { bad, line: skipped(bad, bytes.length) }
    : { bad, line: bytes }

const skipped = (reason: string, bytes: number): Buffer =>
  Buffer.from(JSON.stringify({ type: 'paid.skipped', reason, bytes }))
