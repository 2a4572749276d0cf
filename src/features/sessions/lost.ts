// Sessions that ran when a daemon was killed: what is left of their processes is ended, each is told as lost, once, and
// so is every message that it had not seen.

import type { Database } from 'bun:sqlite'
import { endLeftBehind } from '../../lib/left-behind.ts'
import { createDiary } from './diary.ts'
import type { SessionsGround } from './ground.ts'
import { inbox, leftRunning, type Managed } from './rows.ts'

/** the variable that names its session in the environment of its process */
export const sessionMark = 'PAID_SESSION'

export const markOf = ({ namespace, id }: Managed): string => (namespace === '' ? id : `${namespace}/${id}`)

/** Undefined when there were none; else resolves when all are told of. */
export const recoverLost = ({
  log,
  database,
  clock,
  logger,
  isExcluded,
}: SessionsGround): Promise<void> | undefined => {
  const left = leftRunning(database)
  if (left.length === 0) return undefined
  const unseen = new Map(left.map((managed) => [managed, inbox.of(database, managed)]))
  const tellOf = async (managed: Managed): Promise<void> => {
    const error = 'The daemon died while it ran'
    const { tell } = createDiary({ log, logger, isExcluded, managed: () => managed })
    Object.assign(managed, { status: 'lost', error, endedAt: clock.now(), pid: null, processStart: null })
    const messages = unseen.get(managed) ?? []
    const expired = messages.map((message) => ({ type: 'message.expired', data: { message } }))
    const forget = (writing: Database): void => {
      for (const message of messages) inbox.remove(writing, managed, message)
    }
    await tell([...expired, { type: 'session.lost', data: { error } }], forget)
    logger.warn('a session was lost with the daemon before', { session: managed.id })
  }
  const processes = left.map((managed) => ({
    mark: markOf(managed),
    pid: managed.pid,
    process_start: managed.processStart,
  }))
  return endLeftBehind(sessionMark, processes, true).then(
    async () => void (await Promise.all(left.map(tellOf))),
  )
}
