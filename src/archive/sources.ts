// The files that lines come from, and how far each was read. A place in a file is kept together with what was read up
// to it, in one transaction, so that nothing is read twice or left out, whenever we are ended.
// A file that is not the one it was (it shrank, another stands there, its bytes changed) begins anew; lines that its
// session has already are then passed over.

import type { Database } from 'bun:sqlite'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { chunksOf, hashOf, linesOf } from './chunks.ts'
import type { Withheld } from './withhold.ts'

export type Source = {
  id: number
  path: string
  /** the session's id, once it is known */
  session: string | undefined
  agent: string | null
  offset: number
  knownUntil: number
  lastAt: number
  bad: number
  /** hashes of the lines that the session has, when they may come again */
  seen: Set<number | bigint> | undefined
  withheld: Withheld
  device: number
  inode: number
}

type Row = {
  id: number
  path: string
  session: number | null
  agent: string | null
  device: number
  inode: number
  offset: number
  known_until: number
  tail: Uint8Array | null
  last_at: number | null
  bad: number
  withheld: string | null
}

const tailBytes = 1024

const tailOf = (file: number, offset: number): Uint8Array => {
  const bytes = Buffer.alloc(Math.min(tailBytes, offset))
  const read = readSync(file, bytes, 0, bytes.length, offset - bytes.length)
  return hashOf(bytes.subarray(0, read))
}

const uuidShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** What a path says of the session it is of; older transcripts of agents lie beside those of their sessions. */
export const namedBy = (path: string): { session?: string; agent: string | null } => {
  const name = basename(path, '.jsonl')
  const agent = name.startsWith('agent-') ? name.slice('agent-'.length) : null
  const folders = dirname(path).split('/')
  const at = folders.lastIndexOf('subagents')
  const above = at > 0 ? folders[at - 1] : undefined
  if (above !== undefined) return { session: above, agent: agent ?? name }
  return agent === null && uuidShape.test(name) ? { session: name, agent } : { agent }
}

export type OpenSource = { source: Source; file: number; size: number; modifiedAt: number }

/** Opens a file where it was left. Throws the system's error when it cannot be read. */
export const openSource = (database: Database, path: string): OpenSource => {
  // a pipe that lies there must not be waited for, nor a link be followed to what is no transcript
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    const found = fstatSync(file)
    if (!found.isFile()) throw new Error('not a file')
    const stand = { device: found.dev, inode: found.ino }
    const row = rowOf(database, path, stand)
    const goesOn =
      row !== undefined &&
      row.device === stand.device &&
      row.inode === stand.inode &&
      row.offset <= found.size &&
      (row.offset === 0 || (row.tail !== null && Buffer.from(tailOf(file, row.offset)).equals(row.tail)))
    const { session, agent } = namedBy(path)
    const number = row?.session ?? undefined
    const known = number === undefined ? undefined : idOf(database, number)
    const source: Source = {
      ...stand,
      id: row?.id ?? 0,
      path,
      session: known ?? session,
      agent: row?.agent ?? agent,
      offset: goesOn ? row.offset : 0,
      knownUntil: row?.known_until ?? 0,
      lastAt: row?.last_at ?? Math.trunc(found.mtimeMs),
      bad: row?.bad ?? 0,
      seen: undefined,
      withheld: new Set(row?.withheld ? (JSON.parse(row.withheld) as string[]) : []),
    }
    if (!goesOn && mayRepeat(database, source, row !== undefined))
      source.knownUntil = Math.max(source.knownUntil, row?.offset ?? 0, found.size)
    if (source.offset < source.knownUntil) source.seen = linesHad(database, source)
    return { source, file, size: found.size, modifiedAt: found.mtimeMs }
  } catch (error) {
    closeSync(file)
    throw error
  }
}

/** By its path, or where it was before it was moved. */
const rowOf = (database: Database, path: string, { device, inode }: { device: number; inode: number }) => {
  const byPath = database.query<Row, [string]>('SELECT * FROM sources WHERE path = +?').get(path)
  if (byPath) return byPath
  const moved = database
    .query<Row, [number, number]>('SELECT * FROM sources WHERE inode = +? AND device = +?')
    .get(inode, device)
  return moved && basename(moved.path) === basename(path) && !Bun.file(moved.path).size ? moved : undefined
}

const idOf = (database: Database, number: number): string | undefined =>
  database.query<{ id: string }, [number]>('SELECT id FROM sessions WHERE number = +?').get(number)?.id

const sessionNumber = (database: Database, { session }: Source): number | undefined =>
  session === undefined
    ? undefined
    : database.query<{ number: number }, [string]>('SELECT number FROM sessions WHERE id = +?').get(session)
        ?.number

/** Whether its session may have lines of this file: it is read again, or another file was of the same. */
const mayRepeat = (database: Database, source: Source, again: boolean): boolean => {
  const session = sessionNumber(database, source)
  if (session === undefined || again) return again
  const other = database
    .query<{ path: string }, [number, string | null]>(
      'SELECT path FROM sources WHERE session = +? AND agent IS ? LIMIT 1',
    )
    .get(session, source.agent)
  return other !== null
}

/** For a file whose name does not say which session it is of, when its first record has said so. */
export const expectRepeats = (database: Database, { source, size }: OpenSource): void => {
  if (!mayRepeat(database, source, false)) return
  source.knownUntil = size
  source.seen = linesHad(database, source)
}

/** Hashes of the lines that its session has. */
const linesHad = (database: Database, source: Source): Source['seen'] => {
  const session = sessionNumber(database, source)
  const seen = new Set<number | bigint>()
  if (session === undefined) return seen
  for (const chunk of chunksOf(database, session)) for (const line of linesOf(chunk)) seen.add(Bun.hash(line))
  return seen
}

/** Notes where reading stands. Inside the transaction of what was read. */
export const writeSource = (
  database: Database,
  source: Source,
  file: number,
  session: number | undefined,
): void => {
  const values = [
    source.path,
    session ?? null,
    source.agent,
    source.device,
    source.inode,
    source.offset,
    source.knownUntil,
    tailOf(file, source.offset),
    source.lastAt,
    source.bad,
    source.withheld.size > 0 ? JSON.stringify([...source.withheld]) : null,
  ]
  if (source.id > 0) {
    database
      .query(
        `UPDATE sources SET path = ?, session = ?, agent = ?, device = ?, inode = ?, offset = ?, known_until = ?, tail = ?, last_at = ?,
         bad = ?, withheld = ? WHERE id = +?`,
      )
      .run(...values, source.id)
    return
  }
  const made = database
    .query<{ id: number }, (string | number | Uint8Array | null)[]>(
      `INSERT INTO sources (path, session, agent, device, inode, offset, known_until, tail, last_at, bad, withheld)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
    )
    .get(...values)
  source.id = made?.id ?? 0
}
