// Where the transcripts of sessions lie: as their hooks told, or where Claude Code puts them.

import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Database } from 'bun:sqlite'
import { sessionPrefix } from '../../protocol/channel.ts'
import { filterOf } from '../../core/filter.ts'
import type { Log } from '../../core/log.ts'
import { pageNewest } from '../../core/query.ts'

export type Transcripts = {
  /** Of one session, undefined when none is known. */
  of: (session: string) => Promise<string | undefined>
  /** Of sessions that were heard since then (epoch ms). */
  since: (at: number) => Promise<string[]>
}

/** the newest events of a session, of which one names its transcript */
const lookedAt = 20
const sessionsLookedAt = 50
const idShape = /^[\w-]{1,128}$/

const recent = `SELECT id FROM sessions WHERE namespace = '' AND last_at > +? ORDER BY last_seq DESC LIMIT ?`

export const createTranscripts = ({
  log,
  claudeFolder,
}: {
  log: Log
  claudeFolder: string | undefined
}): Transcripts => ({
  of: async (session) =>
    (await log.read((reader) => toldBy(reader, session))) ?? inFolder(claudeFolder, session),

  since: (at) =>
    log.read((reader) => {
      const sessions = reader.query<{ id: string }, [number, number]>(recent).all(at, sessionsLookedAt)
      return sessions.flatMap(({ id }) => toldBy(reader, id) ?? [])
    }),
})

const toldBy = (reader: Database, session: string): string | undefined => {
  const filter = filterOf('', { channel: `${sessionPrefix}${session}` })
  for (const { data } of pageNewest(reader, filter, lookedAt).events.toReversed()) {
    const path: unknown =
      typeof data === 'object' && data !== null ? Reflect.get(data, 'transcript_path') : undefined
    if (typeof path === 'string' && basename(path) === `${session}.jsonl`) return path
  }
  return undefined
}

const inFolder = (claudeFolder: string | undefined, session: string): string | undefined => {
  if (claudeFolder === undefined || !idShape.test(session)) return undefined
  const projects = join(claudeFolder, 'projects')
  if (!existsSync(projects)) return undefined
  return readdirSync(projects)
    .map((project) => join(projects, project, `${session}.jsonl`))
    .find((path) => existsSync(path))
}
