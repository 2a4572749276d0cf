// The home this command works with, and the way to its daemon.

import { type Connection, openConnection } from '../client/connection.ts'
import { homeOf, type Paths, pathsOf } from '../paths.ts'
import { causeFrom } from '../protocol/cause.ts'
import { PaidError } from '../protocol/error.ts'
import { isOwnHome } from './own-home.ts'

export const here = (): Paths => pathsOf(homeOf(process.env))

const busyForMs = 2000

/** Throws `forbidden` for a home of somebody else, whoever listens there. */
export const reach = async (paths: Paths): Promise<Connection> => {
  const own = isOwnHome(paths.home)
  const connection = await connected(paths)
  if (await own) return connection
  connection.close()
  throw new PaidError(
    'forbidden',
    `${paths.home} belongs to another user, or others can write to it: who answers there may not be your daemon`,
    'Look with `ls -ld`, or set PAID_HOME to a folder of your own.',
  )
}

/** Throws `not_running`; but while a daemon holds the lock, a socket that refuses is only busy, and is tried again. */
const connected = async (paths: Paths): Promise<Connection> => {
  const until = Date.now() + busyForMs
  for (;;) {
    try {
      // run by an action, a command hands on what that acts upon, so that no rule answers itself
      return await openConnection(paths.socket, causeFrom(process.env))
    } catch (error) {
      const { isLocked } = await import('../lib/file-lock.ts')
      if (!isLocked(paths.lock)) throw error
      if (Date.now() > until)
        throw new PaidError(
          'stopping',
          'The daemon runs but takes no connections: it is starting, stopping, or hangs',
          'Try again, or see `paid logs`.',
        )
      await Bun.sleep(25)
    }
  }
}

/** A connection for the time of one command. */
export const withDaemon = async <T>(use: (daemon: Connection) => Promise<T>): Promise<T> => {
  await using daemon = await reach(here())
  return await use(daemon)
}
