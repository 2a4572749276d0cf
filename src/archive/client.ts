// The archive as the main thread has it: calls to the worker, which is started when it is needed and ended when it was
// idle for a while, so that a daemon at rest has the memory of one without.
// Promises: every call is settled; one that was under way when the worker fell over is refused, and the next call
// starts another.

import { PaidError, errors, type ErrorCode } from '../protocol/error.ts'
import type { ArchiveClient, ArchiveReply, ArchiveRequest, ArchiveSettings, Progress } from './calls.ts'

const restsAfterMs = 30_000

/** The part of a Worker that is used, so that a test may be one. */
export type WorkerDoor = {
  post: (request: ArchiveRequest) => void
  /** Has it close its files, then ends it. */
  end: () => Promise<void>
}

/**
 * @param settings as they are at each call
 * @param start opens the worker; what it says comes to `hear`, its fall to `fell`
 * @param idleMs without a call it ends after so long
 */
export const createArchiveClient = (
  settings: () => ArchiveSettings,
  start: (hear: (reply: ArchiveReply) => void, fell: (message: string) => void) => WorkerDoor,
  idleMs = restsAfterMs,
): ArchiveClient => {
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  const hearers = new Set<(progress: Progress) => void>()
  let door: WorkerDoor | undefined
  let idle: Timer | undefined
  let calls = 0
  let closed = false

  /** the end of the worker before: two never have the archive open at once */
  let ended = Promise.resolve()

  const end = (): void => {
    clearTimeout(idle)
    const leaving = door
    door = undefined
    if (leaving) ended = leaving.end()
  }

  const post = async (request: ArchiveRequest): Promise<void> => {
    await ended
    if (!waiting.has(request.id)) return
    door ??= start(hear, fell)
    door.post(request)
  }

  const refuseAll = (error: PaidError): void => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }

  const hear = (reply: ArchiveReply): void => {
    if (reply.kind === 'progress') {
      for (const hearer of hearers) hearer(reply.progress)
      return
    }
    const call = waiting.get(reply.id)
    waiting.delete(reply.id)
    if ('error' in reply) call?.reject(errorOf(reply.error))
    else call?.resolve(reply.result)
    if (waiting.size > 0) return
    clearTimeout(idle)
    idle = setTimeout(end, idleMs)
    idle.unref()
  }

  const fell = (message: string): void => {
    end()
    refuseAll(new PaidError('internal', `The archive's worker ended: ${message}`))
  }

  return {
    call: (name, params) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new PaidError('stopping'))
        clearTimeout(idle)
        const id = ++calls
        // the worker answers a call with what calls.ts declares for it
        waiting.set(id, { resolve: resolve as (result: unknown) => void, reject })
        void post({ kind: 'archive', id, settings: settings(), call: name, params })
      }),
    onProgress: (hearer) => {
      hearers.add(hearer)
      return () => hearers.delete(hearer)
    },
    close: async () => {
      closed = true
      refuseAll(new PaidError('stopping'))
      end()
      await ended
    },
  }
}

const isCode = (code: string): code is ErrorCode => Object.hasOwn(errors, code)

const errorOf = (error: { code: string; message: string; hint: string } | string): Error => {
  if (typeof error === 'string') return new Error(error)
  return new PaidError(isCode(error.code) ? error.code : 'internal', error.message, error.hint)
}
