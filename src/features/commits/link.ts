// Which sessions a commit belongs to, and how that is known.

import type { ArchiveClient } from '../../archive/calls.ts'
import type { FileSince } from '../../archive/commit-calls.ts'
import { type Commit, commitsBefore, filesOfCommit, type Repository } from '../../lib/repository.ts'
import type { Link } from '../../protocol/commits.ts'

export type Linked = { link: Link; sessions: string[] }

/** what a commit changed, each file with when it was committed before; and the time of the commit before this one */
export type CommitFacts = { files: FileSince[]; count: number; since: number }

/** a commit of more files is linked by the first of them */
const filesLookedAt = 2000
const sessionsLinked = 20
/** of sessions that merely went on then, few, and not from long ago */
const sessionsNearby = 5
const nearbyMs = 4 * 3600 * 1000

/** @param madeAt when a commit was made as we heard it (epoch ms), undefined for one we did not hear of */
export const factsOf = async (
  repository: Repository,
  commit: Commit,
  madeAt: (sha: string) => number | undefined,
): Promise<CommitFacts> => {
  const [changed, before] = await Promise.all([
    filesOfCommit(repository, commit.sha),
    commit.parents[0] === undefined ? undefined : commitsBefore(repository, commit.parents[0]),
  ])
  // git tells whole seconds: what was changed within one is looked at once too often rather than not at all
  const timeOf = ({ sha, at }: { sha: string; at: number }) => madeAt(sha) ?? at - 1
  const commits = before?.commits ?? []
  const [parent] = commits
  const oldest = commits.at(-1)
  // a file that none of them has was committed before them all, or never
  const never = before?.whole === false && oldest ? timeOf(oldest) : 0
  const wanted = new Set(changed.slice(0, filesLookedAt))
  const since = new Map<string, number>()
  for (const each of commits) {
    for (const file of each.files) if (wanted.has(file) && !since.has(file)) since.set(file, timeOf(each))
    if (since.size === wanted.size) break
  }
  return {
    files: [...wanted].map((path) => ({ path, since: since.get(path) ?? never })),
    count: changed.length,
    since: parent ? timeOf(parent) : 0,
  }
}

/** @param session whose tool ran git, when that is known */
export const linkOf = async (
  archive: ArchiveClient,
  repository: Repository,
  { files, since }: CommitFacts,
  { session, until }: { session: string | undefined; until: number },
): Promise<Linked> => {
  if (session !== undefined) return { link: 'exact', sessions: [session] }
  const { common } = repository
  const changed = await archive.call('changedBy', { repository: common, files, until })
  if (changed.sessions.length > 0)
    return { link: 'files', sessions: changed.sessions.slice(0, sessionsLinked) }
  const nearby = { since: Math.max(since, until - nearbyMs), until, limit: sessionsNearby }
  const { sessions } = await archive.call('activeIn', { repository: common, ...nearby })
  return sessions.length > 0 ? { link: 'time', sessions } : { link: 'none', sessions: [] }
}
