// Commits in the database, and the channel of their repository.

import { createHash } from 'node:crypto'
import { basename, dirname } from 'node:path'
import type { Database } from 'bun:sqlite'
import { isName } from '../../protocol/channel.ts'
import { type Link, repositoryPrefix } from '../../protocol/commits.ts'
import { limits } from '../../protocol/limits.ts'
import type { Draft } from '../../core/log-event.ts'

export type CommitRow = {
  readonly repository: string
  readonly sha: string
  readonly folder: string
  readonly made_at: number
  readonly session: string | null
  readonly copy_of: string | null
  readonly installed: string
  readonly state: 'made' | 'linked' | 'done'
  readonly link: Link
  /** JSON, an array of ids */
  readonly sessions: string
  /** JSON, an array of saves */
  readonly saves: string
  /** what whoever made it acted upon */
  readonly cause: string | null
}

/** What will be written of a session: which version, of when (epoch ms). */
export type PlannedSave = { session: string; version: string; at: number }

export const commitRows = {
  find: (database: Database, repository: string, sha: string): CommitRow | undefined =>
    database
      .query<CommitRow, [string, string]>('SELECT * FROM commits WHERE repository = +? AND sha = +?')
      .get(repository, sha) ?? undefined,

  /** False when it is known. */
  add: (database: Database, row: CommitRow): boolean =>
    database
      .query('INSERT INTO commits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING')
      .run(
        row.repository,
        row.sha,
        row.folder,
        row.made_at,
        row.session,
        row.copy_of,
        row.installed,
        row.state,
        row.link,
        row.sessions,
        row.saves,
        row.cause,
      ).changes > 0,

  change: (database: Database, { state, link, sessions, saves, repository, sha }: CommitRow): void => {
    database
      .query(
        'UPDATE commits SET state = ?, link = ?, sessions = ?, saves = ? WHERE repository = +? AND sha = +?',
      )
      .run(state, link, sessions, saves, repository, sha)
  },

  /** What is not done, the oldest first. */
  open: (reader: Database): CommitRow[] =>
    reader.query<CommitRow, []>("SELECT * FROM commits WHERE state <> 'done' ORDER BY made_at").all(),
}

export const sessionsOf = ({ sessions }: CommitRow): string[] => JSON.parse(sessions)
export const savesOf = ({ saves }: CommitRow): PlannedSave[] => JSON.parse(saves)

/** By its main folder, whichever of its working trees is meant; by a hash where that is no name of a channel. */
export const channelOf = (repository: string): string => {
  // a submodule's git folder lies in that of what is around it, under its own path there
  const [outer = '', ...inner] = repository.split(/\/\.git\/modules\/|(?<=\/\.git\/modules\/.*)\/modules\//)
  const main = basename(repository) === '.git' ? dirname(repository) : repository
  const folder = inner.length > 0 ? [outer, ...inner].join('/') : main
  const channel = `${repositoryPrefix}${folder}`
  return isName(channel, limits.channelBytes)
    ? channel
    : `${repositoryPrefix}${createHash('sha256').update(folder).digest('hex')}`
}

export const draftOf = (channel: string, type: string, data: object, by: string): Draft => ({
  namespace: '',
  channel,
  type,
  by,
  dataText: JSON.stringify(data),
})
