// The kept bytes of a session: its lines, one after the other, in chunks. Each chunk has the hash of its bytes and the
// hash of all chunks up to it. The last one grows until it is full; its row is then written anew with what came.

import type { Database } from 'bun:sqlite'

/** a chunk is closed when it holds so much; one longer line makes it longer */
const chunkBytes = 256 * 1024

const level = { level: 1 } as const

const newline = Buffer.from('\n')

export const hashOf = (...parts: Uint8Array[]): Uint8Array => {
  const hasher = new Bun.CryptoHasher('sha256')
  for (const part of parts) hasher.update(part)
  return hasher.digest()
}

/** Before the first chunk. */
const nothing = new Uint8Array(32)

/** Throws when the bytes do not decompress. */
export const unpacked = (data: Uint8Array): Buffer => Buffer.from(Bun.zstdDecompressSync(data))

const unpackedOrNot = (data: Uint8Array): Buffer | undefined => {
  try {
    return unpacked(data)
  } catch {
    return undefined
  }
}

/** what stands for a chunk that cannot be read any more */
const damagedLine = Buffer.from('{"type":"paid.damaged"}\n')

type Last = {
  id: number
  number: number
  bytes: number
  hash: Uint8Array
  chain: Uint8Array
  data: Uint8Array
}

/** Where a line stands. */
export type Place = { chunk: number; start: number }

export type ChunkWriter = {
  readonly session: number
  /** `line` is without its newline, and is copied */
  add: (line: Uint8Array) => Place
  /** Writes what was added; gives back how many chunks there are and the hash of all of them. */
  flush: () => { chunks: number; hash: Uint8Array }
}

/** Goes on where the session's last chunk ends. Only inside a transaction; after a rollback it is to be thrown away. */
export const openChunkWriter = (database: Database, session: number): ChunkWriter => {
  const insert = database.query<{ id: number }, [number, number, Uint8Array]>(
    "INSERT INTO chunks (session, number, bytes, hash, chain, data) VALUES (?, ?, 0, ?, x'', x'') RETURNING id",
  )
  const update = database.query('UPDATE chunks SET bytes = ?, hash = ?, chain = ?, data = ? WHERE id = +?')
  const last = database
    .query<Last, [number]>(
      'SELECT id, number, bytes, hash, chain, data FROM chunks WHERE session = +? ORDER BY number DESC LIMIT 1',
    )
    .get(session)

  // a damaged one is left as it is: written anew, its damage would have the right hash
  const content = last !== null && last.bytes < chunkBytes ? unpackedOrNot(last.data) : undefined
  const goesOn = last !== null && content !== undefined && Buffer.from(hashOf(content)).equals(last.hash)
  let parts: Uint8Array[] = goesOn ? [content] : []
  let size = goesOn ? last.bytes : 0
  let id = goesOn ? last.id : undefined
  let number = last === null ? -1 : last.number
  let before = goesOn ? chainBefore(database, session, last.number) : (last?.chain ?? nothing)
  let chain = last?.chain ?? nothing
  let changed = false

  const write = (): void => {
    if (id === undefined || !changed) return
    const content = Buffer.concat(parts)
    const hash = hashOf(content)
    chain = hashOf(before, hash)
    update.run(content.length, hash, chain, Bun.zstdCompressSync(content, level), id)
    parts = [content]
    changed = false
  }

  return {
    session,
    add: (line) => {
      if (id === undefined || size >= chunkBytes) {
        write()
        if (id !== undefined) before = chain
        number++
        id = insert.get(session, number, nothing)?.id ?? 0
        parts = []
        size = 0
      }
      const place = { chunk: id, start: size }
      parts.push(Buffer.from(line), newline)
      size += line.length + 1
      changed = true
      return place
    },
    flush: () => {
      write()
      return { chunks: number + 1, hash: chain }
    },
  }
}

const chainBefore = (database: Database, session: number, number: number): Uint8Array =>
  database
    .query<{ chain: Uint8Array }, [number, number]>(
      'SELECT chain FROM chunks WHERE session = +? AND number = +?',
    )
    .get(session, number - 1)?.chain ?? nothing

/** The chunks of a session in their order, one in memory at a time. */
export function* chunksOf(database: Database, session: number, from = 0): Generator<Buffer> {
  const next = database.query<{ number: number; data: Uint8Array }, [number, number]>(
    'SELECT number, data FROM chunks WHERE session = +? AND number >= +? ORDER BY number LIMIT 1',
  )
  for (let row = next.get(session, from); row; row = next.get(session, row.number + 1))
    yield unpackedOrNot(row.data) ?? damagedLine
}

/** The lines of a chunk, without their newlines. */
export function* linesOf(chunk: Buffer): Generator<Buffer> {
  for (let start = 0; start < chunk.length;) {
    const found = chunk.indexOf(10, start)
    const end = found < 0 ? chunk.length : found
    yield chunk.subarray(start, end)
    start = end + 1
  }
}

export type Damage = { session: number; number: number; why: string }

type Kept = { session: number; number: number; bytes: number; hash: Uint8Array; chain: Uint8Array }

/** What is wrong with a chunk; undefined when it is as it was written. */
export const damageOf = (
  row: Kept & { data: Uint8Array },
  before: Uint8Array | undefined,
): string | undefined => {
  let content: Buffer
  try {
    content = unpacked(row.data)
  } catch {
    return 'its bytes cannot be unpacked'
  }
  if (content.length !== row.bytes) return `it has ${content.length} bytes instead of ${row.bytes}`
  const hash = hashOf(content)
  if (!Buffer.from(hash).equals(row.hash)) return 'its bytes are not those that were written'
  if (!Buffer.from(hashOf(before ?? nothing, hash)).equals(row.chain))
    return 'it does not follow the one before it'
  return undefined
}
