// Which commits came of some sessions.

import type { Database } from 'bun:sqlite'
import type { ListedConversation } from '../../protocol/prompts.ts'

type Commit = ListedConversation['commits'][number]

/** a commit may be a little older than what the archive knows of its session */
const slackMs = 60_000

const since = `SELECT c.sha, c.folder, c.made_at AS at, c.link, s.value AS session
  FROM commits c CROSS JOIN json_each(c.sessions) s
  WHERE c.made_at >= +? AND c.link <> 'none' AND s.value IN (SELECT value FROM json_each(+?))
  ORDER BY c.made_at`

/** By the session's id, oldest first. */
export const commitsOf = (
  reader: Database,
  sessions: readonly { id: string; firstAt?: number | undefined }[],
): Map<string, Commit[]> => {
  const found = new Map<string, Commit[]>()
  if (sessions.length === 0) return found
  const earliest = Math.min(...sessions.map(({ firstAt }) => firstAt ?? 0))
  const rows = reader
    .query<Commit & { session: string }, [number, string]>(since)
    .all(earliest - slackMs, JSON.stringify(sessions.map(({ id }) => id)))
  for (const { session, ...commit } of rows) {
    const known = found.get(session)
    if (known) known.push(commit)
    else found.set(session, [commit])
  }
  return found
}
