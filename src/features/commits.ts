// THE COMMITS ROOM: which conversation made a commit.
//
// Promises: a commit that was told is on disk when it is answered, once however often it is told, as `commit.made` on
// `repo:<folder of the repository>`. A moment later, when what was said up to it is kept, it is linked: `exact`, the
// session that ran git; else `files`, those that changed its files since each was last committed; else `time`, those
// that went on in this repository then. The link is told as `commit.linked`, there and on each `session:<id>`. Then
// the conversations are written into the repository as configured, secrets redacted. Killed at any moment, all of it
// is done by the next run, and nothing twice. A commit that was applied again (rebase, cherry-pick) has the link of the
// first, and writes nothing: git is at work in that folder.
// Refuses: callers of other namespaces.

import { PaidError } from '../protocol/error.ts'
import type { HandlersFor } from '../core/dispatch.ts'
import { withCause, type Peer } from '../core/peer.ts'
import { createFinder } from './commits/find.ts'
import type { CommitsGround } from './commits/ground.ts'
import { channelOf, commitRows, type CommitRow, draftOf } from './commits/rows.ts'
import { createTranscripts } from './commits/transcripts.ts'
import { createWork } from './commits/work.ts'

export type Commits = {
  handlers: HandlersFor<'commit'>
  /** Goes on with what the run before left. */
  begin: () => void
  close: () => Promise<void>
}

export const createCommits = (ground: CommitsGround): Commits => {
  const { log, claudeFolder } = ground
  const transcripts = createTranscripts({ log, claudeFolder })
  const work = createWork({ ...ground, transcripts })
  const find = createFinder({ ...ground, work })

  return {
    handlers: {
      'commit.record': async ({ sha, folder, commonDir, at, session, copyOf, installed }, peer) => {
        own(peer)
        const row: CommitRow = {
          repository: commonDir,
          sha,
          folder,
          made_at: at,
          session: session ?? null,
          copy_of: copyOf ?? null,
          installed,
          state: 'made',
          link: 'none',
          sessions: '[]',
          saves: '[]',
          cause: peer.cause ?? null,
        }
        const recorded = await log.commit(({ database, append }) => {
          if (!commitRows.add(database, row)) return false
          const copied = copyOf && { copyOf }
          const data = {
            sha,
            folder,
            ...(session !== undefined && { session }),
            ...copied,
            ...withCause(peer),
          }
          append({ ...draftOf(channelOf(commonDir), 'commit.made', data, peer.by), occurredAt: at })
          return true
        })
        if (recorded) work.soon(row)
        return { recorded }
      },
      'commit.find': ({ folder, target }, peer) => {
        own(peer)
        return find(folder, target)
      },
    },
    begin: work.begin,
    close: work.close,
  }
}

const own = ({ namespace }: Peer): void => {
  if (namespace !== '')
    throw new PaidError(
      'forbidden',
      'Commits are known to this home, not to a namespace in it',
      'Ask over paid.sock.',
    )
}
