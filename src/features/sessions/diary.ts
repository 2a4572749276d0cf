// What becomes known of a managed session, written in its order: each event together with the session's row. While the
// disk takes nothing it waits here, and so does whoever tells.

import type { Database } from 'bun:sqlite'
import { sessionPrefix } from '../../protocol/channel.ts'
import { PaidError } from '../../protocol/error.ts'
import type { IsExcluded } from '../../lib/exclude.ts'
import type { Log } from '../../core/log.ts'
import type { Logger } from '../../core/logger.ts'
import { type Managed, store } from './rows.ts'
import type { Told } from './told.ts'
import { createWithholding } from './withholding.ts'

/** the log is tried again so often */
const againMs = 1000

/** who tells what a session does */
export const daemonName = 'daemon:paid'

/** What an event says of what made its author act. */
export const originOf = (cause: string | undefined): string | undefined =>
  cause === undefined ? undefined : JSON.stringify({ cause })

export const createDiary = ({
  log,
  logger,
  isExcluded,
  managed,
  cause,
}: {
  log: Log
  logger: Logger
  isExcluded: IsExcluded
  /** what its caller acts upon: its events say so, so that no rule answers itself */
  cause?: string | undefined
  /** the row as it is when something is told */
  managed: () => Managed
}) => {
  const { namespace, id } = managed()
  const channel = `${sessionPrefix}${id}`
  const withhold = createWithholding(isExcluded)
  let waiting: Promise<void> | undefined
  let last: Promise<void> = Promise.resolve()

  const commit = (told: readonly Told[], row: Managed, more?: (database: Database) => void): Promise<void> =>
    log.commit(({ append, database }) => {
      for (const { type, data, by = daemonName, cause: own = cause } of told)
        append({ namespace, channel, type, by, originText: originOf(own), dataText: JSON.stringify(data) })
      store(database, row)
      more?.(database)
    }, true)

  const untilWritten = async (write: () => Promise<void>): Promise<void> => {
    for (;;) {
      try {
        return await write()
      } catch (error) {
        if (!(error instanceof PaidError) || error.code !== 'storage_full') {
          logger.error('what a session said could not be written', { session: id, error })
          return
        }
        await Bun.sleep(againMs)
      }
    }
  }

  return {
    /** The first that is told of it: throws `storage_full`, and nothing was told. */
    begin: (told: Told): Promise<void> => commit([told], managed()),

    /** Resolves when it is on disk; what is told is changed where contents are not to be kept. */
    tell: (told: readonly Told[], more?: (database: Database) => void): Promise<void> => {
      const row = { ...managed() }
      for (const each of told) withhold(each)
      const write = () => commit(told, row, more)
      const inLine = (): Promise<void> => {
        const done = (waiting ?? Promise.resolve()).then(() => untilWritten(write))
        waiting = done
        void done.then(() => {
          if (waiting === done) waiting = undefined
        })
        return done
      }
      last = waiting ? inLine() : write().catch(inLine)
      return last
    },

    /** For those who look now; not kept. */
    show: (type: string, data: object): void =>
      void log.emit({ namespace, channel, type, by: daemonName, dataText: JSON.stringify(data) }),

    /** Resolves when all that was told so far is on disk. */
    written: (): Promise<void> => last,
  }
}
