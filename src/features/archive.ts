// THE ARCHIVE ROOM: what sessions say is kept, whatever their tool deletes. Hooks tell which transcript grew; the
// worker reads what came (archive/), and is asked for what is kept.
//
// Promises: a hook costs a look at its text, nothing is read or written here; what a session wrote is kept within a
// second or so, at the end of a turn and of the session at once; after a restart reading goes on where it was.
// Refuses: files that are no transcript of the session that names them, and callers of other namespaces.

import type { ArchiveClient, Grown } from '../archive/calls.ts'
import { sessionPrefix } from '../protocol/channel.ts'
import { PaidError } from '../protocol/error.ts'
import type { HandlersFor } from '../core/dispatch.ts'
import type { Log } from '../core/log.ts'
import type { Logger } from '../core/logger.ts'
import type { Peer } from '../core/peer.ts'
import { capturedSessions, createHandOver } from './archive/captured.ts'
import { createThreads } from './archive/threads.ts'
import { createGrowth } from './archive/growth.ts'

export type ArchiveRoom = {
  handlers: HandlersFor<'archive'>
  /** Looks at what grew while nobody listened. */
  begin: () => void
  close: () => void
}

/** how often a session that goes on says that more of it is kept */
const tellEveryMs = 10_000
/** how often it is noted that the archive cannot be written */
const failedEveryMs = 60_000
/** after the start, when whoever waited for it had their turn */
const retakeAfterMs = 2000
const sessionsRemembered = 1000

export const createArchive = ({
  log,
  archive,
  logger,
  live,
  exists,
}: {
  log: Log
  archive: ArchiveClient
  logger: Logger
  /** whether what hooks tell of is kept */
  live: boolean
  /** whether there is an archive already */
  exists: () => boolean
}): ArchiveRoom => {
  const toldAt = new Map<string, number>()
  /** what grew since it was told last */
  const untold = new Map<string, Grown>()
  let retake: Timer | undefined

  const tell = (grown: Grown, last: boolean): void => {
    const { session, messages, records, bytes } = grown
    const now = performance.now()
    if (!last && now - (toldAt.get(session) ?? -tellEveryMs) < tellEveryMs) {
      untold.set(session, grown)
      return
    }
    untold.delete(session)
    toldAt.delete(session)
    toldAt.set(session, now)
    for (const oldest of toldAt.keys()) {
      if (toldAt.size <= sessionsRemembered) break
      toldAt.delete(oldest)
      untold.delete(oldest)
    }
    const dataText = JSON.stringify({ session, messages, records, bytes })
    // among the daemon's own affairs: what a session itself did stays what its channel tells
    const draft = { namespace: '', channel: 'system:archive', type: 'session.archived', dataText }
    log
      .append({ ...draft, by: 'daemon:archive' })
      .catch((error: unknown) => logger.warn('session.archived could not be noted', { error }))
  }

  let failedAt = -failedEveryMs
  const failed = (error: unknown): void => {
    if (error instanceof PaidError && error.code === 'stopping') return
    // hooks come all day, and what keeps failing is said now and then
    const now = performance.now()
    if (now - failedAt < failedEveryMs) return
    failedAt = now
    logger.error('the archive could not take a transcript', { error })
  }

  const growth = createGrowth({
    take: async (paths, ended) => {
      const { sessions } = await archive.call('take', { paths })
      for (const grown of sessions) tell(grown, ended.has(grown.session))
      for (const session of ended) {
        const grown = untold.get(session)
        if (grown) tell(grown, true)
      }
    },
    failed,
  })
  const threads = createThreads((link) => archive.call('link', link).catch(failed))

  const captured = createHandOver({ log, archive, took: (grown) => tell(grown, false), failed })

  log.project((events) => {
    for (const event of events) {
      if (event.namespace !== '' || !event.channel.startsWith(sessionPrefix)) continue
      captured.heard(event)
      if (!live) continue
      growth.heard(event)
      threads.heard(event)
    }
  })

  archive.onProgress((progress) => {
    const dataText = JSON.stringify(progress)
    const draft = { namespace: '', channel: 'system:archive', type: 'archive.progress', dataText }
    void log.emit({ ...draft, by: 'daemon:archive' })
  })

  return {
    handlers: {
      'archive.import': async ({ folder, since }, peer) => {
        own(peer)
        const job = crypto.randomUUID()
        const callOff = peer.onEnd(() => void archive.call('cancel', { job }).catch(failed))
        try {
          return await archive.call('import', { folder, job, ...(since !== undefined && { since }) })
        } finally {
          callOff()
        }
      },
      'archive.sessions': async ({ limit, before }, peer) => {
        own(peer)
        if (!exists()) return { sessions: [] }
        return await archive.call('sessions', { limit, ...(before !== undefined && { before }) })
      },
      'archive.show': ({ session, after, limit, talk }, peer) => {
        own(peer)
        return archive.call('show', { id: session, limit, talk, ...(after !== undefined && { after }) })
      },
      'archive.export': ({ session, format, after }, peer) => {
        own(peer)
        return archive.call('export', { id: session, format, ...(after !== undefined && { after }) })
      },
      'archive.verify': async ({ after }, peer) => {
        own(peer)
        if (!exists()) return { sessions: 0, chunks: 0, bytes: 0, damaged: [] }
        return await archive.call('verify', after === undefined ? {} : { after })
      },
    },
    begin: () => {
      const look = async (): Promise<void> => {
        try {
          if (live && exists()) {
            const { sessions } = await archive.call('retake', {})
            for (const grown of sessions) tell(grown, true)
          }
          await captured.catchUp(await log.read(capturedSessions))
        } catch (error) {
          failed(error)
        }
      }
      retake = setTimeout(() => void look(), retakeAfterMs)
      retake.unref()
    },
    close: () => {
      clearTimeout(retake)
      growth.close()
      captured.close()
    },
  }
}

const own = ({ namespace }: Peer): void => {
  if (namespace !== '')
    throw new PaidError(
      'forbidden',
      'The archive is of this home, not of a namespace in it',
      'Ask over paid.sock.',
    )
}
