// The work behind a commit: linked a moment after it was made, then written where it belongs. One commit at a time, in
// the order they were made; what is to be written is on disk before it is written.

import type { Log } from '../../core/log.ts'
import { commitOf, repositoryOf } from '../../lib/repository.ts'
import { newVersion } from '../../lib/prompt-files.ts'
import { PaidError } from '../../protocol/error.ts'
import { sessionPrefix } from '../../protocol/channel.ts'
import type { CommitsGround } from './ground.ts'
import { factsOf, type Linked, linkOf } from './link.ts'
import { channelOf, type CommitRow, commitRows, draftOf, savesOf, sessionsOf } from './rows.ts'
import { addNote, isWritten } from './saves.ts'
import type { Transcripts } from './transcripts.ts'

const by = 'daemon:commits'
/** Claude Code writes what was said up to a commit within about a second */
const settleMs = 1000
const farewellMs = 2000
/** the first of many commits waits so long at most */
const longestMs = 5000
/** sessions whose transcripts are looked at once more, when it is not known whose commit it is */
const recentMs = 12 * 3600 * 1000
const firstWaitMs = 2000
const tries = 4

type Waiting = { row: CommitRow; tried: number }
export type Work = ReturnType<typeof createWork>

export const createWork = ({
  log,
  archive,
  clock,
  logger,
  keeping,
  live,
  transcripts,
}: CommitsGround & { transcripts: Transcripts }) => {
  const waiting = new Map<string, Waiting>()
  let timer: Timer | undefined
  let firstAt = 0
  let line: Promise<void> = Promise.resolve()
  let closed = false

  /** Reads what the sessions in question have written by now. */
  const catchUp = async ({
    session,
    made_at: madeAt,
  }: Pick<CommitRow, 'session' | 'made_at'>): Promise<void> => {
    if (!live) return
    const own = session === null ? undefined : await transcripts.of(session)
    const paths =
      session === null ? await transcripts.since(madeAt - recentMs) : own === undefined ? [] : [own]
    if (paths.length > 0) await archive.call('take', { paths })
  }

  const linked = async (row: CommitRow): Promise<{ found: Linked; subject: string; files: number }> => {
    const { repository: common, copy_of: copyOf, session, made_at: madeAt, folder, sha } = row
    const known =
      copyOf === null ? undefined : await log.read((reader) => commitRows.find(reader, common, copyOf))
    const repository = await repositoryOf(folder)
    const commit = repository && (await commitOf(repository, sha))
    const exact = session ?? undefined
    if (!repository || !commit)
      return { found: exact ? { link: 'exact', sessions: [exact] } : nothing, subject: '', files: 0 }
    const facts = await factsOf(repository, commit, await timesHeard(log, common))
    const until = copyOf === null ? madeAt : Math.min(madeAt, commit.authoredAt + 999)
    const found: Linked =
      known && known.link !== 'none'
        ? { link: known.link, sessions: sessionsOf(known) }
        : await linkOf(archive, repository, facts, { session: exact, until })
    return { found, subject: commit.subject, files: facts.count }
  }

  const link = async (row: CommitRow): Promise<CommitRow> => {
    const { repository, sha, folder, cause } = row
    await catchUp(row)
    const { found, subject, files } = await linked(row)
    const { sessions, link: how } = found
    const toplevel = (await repositoryOf(folder))?.toplevel
    const written = toplevel !== undefined && isWritten(keeping, row, toplevel)
    const saves = written
      ? sessions.map((session) => ({ session, version: newVersion(), at: clock.now() }))
      : []
    const next: CommitRow = {
      ...row,
      state: 'linked',
      link: how,
      sessions: JSON.stringify(sessions),
      saves: JSON.stringify(saves),
    }
    const channel = channelOf(repository)
    const data = { sha, subject, link: how }
    await log.commit(({ database, append }) => {
      commitRows.change(database, next)
      const caused = cause !== null && { cause }
      append(draftOf(channel, 'commit.linked', { ...data, files, sessions, ...caused }, by))
      for (const session of sessions)
        append({
          ...draftOf(`${sessionPrefix}${session}`, 'commit.linked', { ...data, repository: channel }, by),
          ...(caused && { originText: JSON.stringify(caused) }),
        })
    })
    return next
  }

  const finish = async (row: CommitRow): Promise<void> => {
    const { folder, sha, link: how } = row
    const repository = await repositoryOf(folder)
    const events: Parameters<typeof draftOf>[] = []
    for (const { session, version, at } of savesOf(row)) {
      if (!repository) break
      const folders = [...new Set([repository.toplevel, folder])]
      const save = { version, at, commit: sha, umask: keeping.umask }
      const asked = { id: session, until: row.made_at, repository, folders, save }
      const { saved, reason } = await archive.call('save', asked)
      if (reason !== undefined) {
        logger.warn('a conversation could not be written into its repository', { sha, reason })
        events.push([channelOf(row.repository), 'commit.unsaved', { sha, session, reason }, by])
      } else if (saved) {
        const { file } = saved
        events.push([`${sessionPrefix}${session}`, 'capture.saved', { commit: sha, file, version }, by])
      }
    }
    const sessions = sessionsOf(row)
    if (keeping.gitNotes && repository && row.copy_of === null && sessions.length > 0) {
      const lines = sessions.map((session) => `Conversation: ${session} (${how})`)
      if (!(await addNote(repository, sha, lines)))
        logger.warn('git took no note of a commit', { sha, folder })
    }
    await log.commit(({ database, append }) => {
      commitRows.change(database, { ...row, state: 'done' })
      for (const event of events) append(draftOf(...event))
    })
  }

  /** From wherever the last try left it to its end. */
  const carryOn = async ({ repository, sha }: Pick<CommitRow, 'repository' | 'sha'>): Promise<void> => {
    const row = await log.read((reader) => commitRows.find(reader, repository, sha))
    if (!row || row.state === 'done' || closed) return
    const ready = row.state === 'made' ? await link(row) : row
    if (!closed) await finish(ready)
  }

  const attend = async ({ row, tried }: Waiting): Promise<void> => {
    try {
      await carryOn(row)
    } catch (error) {
      if (closed || (error instanceof PaidError && error.code === 'stopping')) return
      logger.error('a commit could not be linked', { sha: row.sha, tried, error })
      if (tried < tries) setTimeout(() => wait(row, tried + 1), firstWaitMs * 2 ** tried).unref()
    }
  }

  /** All that wait, one after the other. */
  const run = (): void => {
    const due = [...waiting.values()]
    waiting.clear()
    line = due.reduce((before, each) => before.then(() => attend(each)), line)
  }

  /** While more come, all of them wait, for a while: a rebase has the machine for itself. */
  const wait = (row: CommitRow, tried = 1): void => {
    if (closed) return
    if (waiting.size === 0) firstAt = performance.now()
    waiting.set(`${row.sha} ${row.repository}`, { row, tried })
    clearTimeout(timer)
    timer = setTimeout(run, Math.max(0, Math.min(settleMs, firstAt + longestMs - performance.now())))
    timer.unref()
  }

  return {
    /** A commit that was just taken in. */
    soon: (row: CommitRow): void => wait(row),
    /** What will be known of a commit that is not linked yet. */
    reckon: async (row: CommitRow): Promise<Linked> => {
      await catchUp(row)
      return (await linked(row)).found
    },
    catchUp,
    begin: (): void => {
      void log.read((reader) => {
        for (const row of commitRows.open(reader)) wait(row)
      })
    },
    close: async (): Promise<void> => {
      closed = true
      clearTimeout(timer)
      // what is not done by then the next run does
      await Promise.race([line, Bun.sleep(farewellMs)])
    },
  }
}

const nothing: Linked = { link: 'none', sessions: [] }

/** When commits of a repository were made, as far as we were told: to the millisecond. */
export const timesHeard = (log: Log, repository: string): Promise<(sha: string) => number | undefined> =>
  log.read((reader) => (sha: string) => commitRows.find(reader, repository, sha)?.made_at)
