// Whether everything is as it was written: each chunk against its hash, each hash against the one before it, each
// session against its last, and SQLite's own pages. Some of the archive at each call, so that a large one keeps nobody
// waiting.

import type { Database } from 'bun:sqlite'
import type { Verified } from '../protocol/archive.ts'
import { damageOf } from './chunks.ts'

/** bytes that are looked at before others have their turn */
const turnBytes = 4 * 1024 * 1024
/** bytes of one call */
const callBytes = 64 * 1024 * 1024

type Session = { number: number; id: string; chunks: number; bytes: number; hash: Uint8Array | null }
type Chunk = {
  session: number
  number: number
  bytes: number
  hash: Uint8Array
  chain: Uint8Array
  data: Uint8Array
}

/** @param after the number of the last session that was looked at */
export const verify = async (
  database: Database,
  after: number,
  pause: () => Promise<unknown>,
): Promise<Verified> => {
  const result: Verified = { sessions: 0, chunks: 0, bytes: 0, damaged: [] }
  if (after === 0) for (const why of await structure(database)) result.damaged.push({ why })
  const nextSession = database.query<Session, [number]>(
    'SELECT number, id, chunks, bytes, hash FROM sessions WHERE number > +? ORDER BY number LIMIT 1',
  )
  const nextChunk = database.query<Chunk, [number, number]>(
    'SELECT session, number, bytes, hash, chain, data FROM chunks WHERE session = +? AND number > +? ORDER BY number LIMIT 1',
  )
  let turn = 0
  let at = after
  for (let session = nextSession.get(at); session; session = nextSession.get(at)) {
    let before: Uint8Array | undefined
    let count = 0
    let bytes = 0
    const bad = (why: string, chunk?: number) =>
      result.damaged.push({ session: session?.id ?? '', ...(chunk !== undefined && { chunk }), why })
    for (
      let chunk = nextChunk.get(session.number, -1);
      chunk;
      chunk = nextChunk.get(session.number, chunk.number)
    ) {
      if (chunk.number !== count) bad(`it is missing`, count)
      const why = damageOf(chunk, before)
      if (why !== undefined) bad(why, chunk.number)
      before = chunk.chain
      count = chunk.number + 1
      bytes += chunk.bytes
      result.chunks++
      turn += chunk.bytes
      if (turn >= turnBytes) {
        turn = 0
        await pause()
      }
    }
    // it may have grown while others had their turn
    const now = nextSession.get(session.number - 1) ?? session
    if (now.chunks !== count) bad(`it has ${count} chunks instead of ${now.chunks}`)
    else if (now.bytes !== bytes && now.chunks === session.chunks && now.bytes === session.bytes)
      bad(`it has ${bytes} bytes instead of ${now.bytes}`)
    else if (before && now.hash && now.bytes === bytes && !Buffer.from(now.hash).equals(before))
      bad('its hash is not that of its chunks')
    result.sessions++
    result.bytes += bytes
    at = session.number
    if (result.bytes >= callBytes && nextSession.get(at)) return { ...result, next: at }
  }
  return result
}

/** What SQLite finds when it looks at its own pages. */
const structure = async (database: Database): Promise<string[]> => {
  try {
    const rows = database.query<{ quick_check: string }, []>('PRAGMA quick_check(10)').all()
    return rows.map((row) => row.quick_check).filter((line) => line !== 'ok')
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}
