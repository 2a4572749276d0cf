// How the worker thread is started, from the folder that it lies in: for a look at the database after an unclean end,
// and for the archive.

import { giveBackStartPages } from './lib/start-pages.ts'
import type { ArchiveReply } from './archive/calls.ts'
import type { WorkerDoor } from './archive/client.ts'
import type { Status } from './protocol/system.ts'
import type { Logger } from './core/logger.ts'
import type { WorkerReply, WorkerRequest } from './worker.ts'

/** how long one may take to close its files */
const closesWithinMs = 3000

const startWorker = (
  hear: (reply: WorkerReply) => void,
  fell: (message: string) => void,
): Worker & { ask: (request: WorkerRequest) => void } => {
  const worker = new Worker(new URL('./worker.ts', import.meta.url).href)
  worker.addEventListener('message', ({ data }: MessageEvent<WorkerReply>) => hear(data))
  worker.addEventListener('error', ({ message }) => fell(message))
  return Object.assign(worker, { ask: (request: WorkerRequest) => worker.postMessage(request) })
}

/** The worker that has the archive. */
export const openArchiveWorker = (
  hear: (reply: ArchiveReply) => void,
  fell: (message: string) => void,
): WorkerDoor => {
  const closed = Promise.withResolvers<void>()
  const worker = startWorker(
    (reply) => {
      if (reply.kind === 'closed') closed.resolve()
      else if (reply.kind !== 'check') hear(reply)
    },
    (message) => {
      closed.resolve()
      fell(message)
    },
  )
  return {
    post: worker.ask,
    end: async () => {
      worker.ask({ kind: 'close' })
      const late = setTimeout(closed.resolve, closesWithinMs)
      await closed.promise
      clearTimeout(late)
      worker.terminate()
      giveBackStartPages()
    },
  }
}

/** Looks the database over in the worker, after an end that was not clean. */
export const checkDatabase = (
  path: string,
  check: { state: Status['log']['check'] },
  logger: Logger,
  stack: AsyncDisposableStack,
): void => {
  check.state = 'running'
  const worker = startWorker(
    (reply) => {
      if (reply.kind !== 'check') return
      check.state = reply.damage.length === 0 ? 'ok' : 'damaged'
      if (reply.damage.length > 0) logger.error('the database is damaged', { damage: reply.damage })
      else logger.info('the database was checked after an unclean stop: it is whole')
      worker.terminate()
    },
    (message) => logger.error('the database could not be checked', { message }),
  )
  stack.defer(() => worker.terminate())
  worker.ask({ kind: 'check', database: path })
}
