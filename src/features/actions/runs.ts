// Runs: what has begun is on disk before it does anything, and so is its end before anybody is told; but where the disk
// is full by then, who waits is told how it ended all the same, and it is noted when there is room: so `storage_full`
// always means that nothing was done. A run that a daemon left behind is ended and noted as lost, once.

import { actionPrefix } from '../../protocol/actions.ts'
import { PaidError } from '../../protocol/error.ts'
import { formatDuration } from '../../lib/duration.ts'
import { endLeftBehind } from '../../lib/left-behind.ts'
import type { Ground } from '../../core/ground.ts'
import type { Logger } from '../../core/logger.ts'
import { type Outcome, type Reason, RunFailed } from './outcome.ts'
import { previewOf, safe } from './shown.ts'

const begin = 'INSERT INTO action_runs VALUES (?, ?, ?, ?, ?, NULL, NULL)'
const mark = 'UPDATE action_runs SET pid = ?, process_start = ? WHERE run = ?'
const end = 'DELETE FROM action_runs WHERE run = ?'
const all = 'SELECT * FROM action_runs ORDER BY started_at, run'

/** what has begun is given this long to end when the daemon stops */
const stopWithinMs = 4000
/**
 * A process is noted only when it is not a short one: that costs another write. One that is not, when we die, is found by
 * the mark in its environment.
 */
const markAfterMs = 20
/** the log is tried again so often, when a run's end could not be written */
const againMs = 1000

/** What a run is told of itself. */
export type Running = {
  readonly run: string
  /** aborts with the failure that the run then has */
  readonly signal: AbortSignal
  /** Notes its process, so that it is found should we die. */
  readonly onStart: (pid: number, processStart: string | null) => void
}

export type Asked = {
  readonly namespace: string
  readonly name: string
  readonly by: string
  readonly cause: string | undefined
  readonly timeout: number
  /** of the action: they are in nothing that is told of the run */
  readonly secrets: readonly string[]
}

/** the variable that names its run in the environment of a command */
export const runMark = 'PAID_RUN'

type LostRun = Pick<Asked, 'namespace' | 'name' | 'by'> & {
  run: string
  pid: number | null
  process_start: string | null
}

export const createRuns = ({ log, database, clock, steady, logger }: Omit<Ground, 'bus'>) => {
  const open = new Map<string, { stop: AbortController; done: Promise<unknown> }>()
  let closed = false

  const draft = (
    { namespace, name }: { namespace: string; name: string },
    type: string,
    by: string,
    data: object,
  ) => ({
    namespace,
    channel: `${actionPrefix}${name}`,
    type,
    by,
    dataText: JSON.stringify(data),
  })

  const finish = (asked: Asked, run: string, type: string, data: object): Promise<void> =>
    log.commit(({ append, database: writing }) => {
      append(draft(asked, type, asked.by, { run, ...data }))
      writing.query(end).run(run)
    }, true)

  /** A run that has ended is noted when the disk has room again, though nobody waits for it. */
  const finishLater = (asked: Asked, run: string, type: string, data: object): void => {
    steady.wake(steady.now() + againMs, () => {
      if (closed) return
      finish(asked, run, type, data).catch((error: unknown) => {
        if (error instanceof PaidError && error.code === 'storage_full') finishLater(asked, run, type, data)
      })
    })
  }

  const note = async (asked: Asked, run: string, type: string, data: object): Promise<void> => {
    try {
      await finish(asked, run, type, data)
    } catch (error) {
      if (!(error instanceof PaidError) || error.code !== 'storage_full') throw error
      logger.warn('the end of a run could not be noted; it is tried again', { run })
      finishLater(asked, run, type, data)
    }
  }

  const perform = async (
    asked: Asked,
    run: string,
    stop: AbortController,
    work: (running: Running) => Promise<Outcome>,
  ) => {
    const { namespace, name, by, cause, timeout } = asked
    const started = clock.now()
    await log.commit(({ append, database: writing }) => {
      append(draft(asked, 'action.started', by, { run, ...(cause !== undefined && { cause }) }))
      writing.query(begin).run(run, namespace, name, by, started)
    }, true)
    const began = steady.now()
    const cancel = steady.wake(began + timeout, () => stop.abort(tooLong(timeout)))
    let callOff = (): void => {}
    const onStart: Running['onStart'] = (pid, processStart) => {
      callOff = steady.wake(steady.now() + markAfterMs, () => {
        log
          .commit(({ database: writing }) => void writing.query(mark).run(pid, processStart, run), true)
          .catch((error: unknown) => logger.warn('the process of a run could not be noted', { run, error }))
      })
    }
    const ended = await work({ run, signal: stop.signal, onStart }).then(
      (outcome) => ({ outcome }),
      (error: unknown) => ({ failure: failureOf(error, run, asked.secrets, logger) }),
    )
    cancel()
    callOff()
    const durationMs = steady.now() - began
    if ('failure' in ended) {
      const { reason, exitCode, httpStatus, message } = ended.failure
      await note(asked, run, 'action.failed', {
        durationMs,
        ...numbersOf(exitCode, httpStatus),
        reason,
        error: message,
      })
      throw ended.failure
    }
    const { outcome } = ended
    const preview = previewOf(outcome.result, asked.secrets)
    const numbers = numbersOf(outcome.exitCode, outcome.status)
    await note(asked, run, 'action.finished', { durationMs, ...numbers, preview })
    return { run, ...outcome, durationMs }
  }

  const recover = async (left: readonly LostRun[]): Promise<void> => {
    await endLeftBehind(
      runMark,
      left.map(({ run, pid, process_start }) => ({ mark: run, pid, process_start })),
    )
    for (const { run, namespace, name, by } of left) {
      const asked = { namespace, name, by, cause: undefined, timeout: 0, secrets: [] }
      const data = { reason: 'lost' satisfies Reason, error: 'The daemon died while it ran' }
      await finish(asked, run, 'action.failed', data).catch((error: unknown) => {
        logger.error('a lost run could not be noted', { run, error })
        finishLater(asked, run, 'action.failed', data)
      })
      logger.warn('a run was lost with the daemon before', { run, action: name })
    }
  }
  const left = database.query<LostRun, []>(all).all()
  const recovered = left.length === 0 ? undefined : recover(left)

  return {
    /** Runs it, with its beginning and its end in the log. Throws how it failed. */
    perform: async (asked: Asked, work: (running: Running) => Promise<Outcome>) => {
      // what an earlier daemon left running is out of the way first
      if (recovered) await recovered
      if (closed) throw new PaidError('stopping')
      const run = `run_${Bun.randomUUIDv7()}`
      const stop = new AbortController()
      const done = perform(asked, run, stop, work)
      open.set(run, { stop, done: done.catch(() => {}) })
      try {
        return await done
      } finally {
        open.delete(run)
      }
    },

    /** Ends what runs; resolves when all of it is noted, or when it takes too long, with whether there was any. */
    close: async (): Promise<boolean> => {
      closed = true
      const any = open.size > 0
      for (const { stop } of open.values())
        stop.abort(new RunFailed('stopped', 'The daemon was stopped while it ran', { code: 'stopping' }))
      const all = Promise.all([recovered, ...[...open.values()].map(({ done }) => done)])
      await Promise.race([all, Bun.sleep(stopWithinMs)])
      return any
    },
  }
}

const tooLong = (ms: number): RunFailed =>
  new RunFailed('timeout', `It took longer than ${formatDuration(ms)} and was ended`, {
    code: 'action_timeout',
  })

/** What it failed with, as anybody may read it. */
const failureOf = (error: unknown, run: string, secrets: readonly string[], logger: Logger): RunFailed => {
  if (!(error instanceof PaidError)) {
    logger.error('a run failed', { run, error })
    return new RunFailed('refused', 'Something went wrong inside the daemon', { code: 'internal' })
  }
  const { code, hint } = error
  const { reason, exitCode, httpStatus } =
    error instanceof RunFailed
      ? error
      : { reason: 'refused' as const, exitCode: undefined, httpStatus: undefined }
  return new RunFailed(reason, safe(error.message, secrets), { code, hint, exitCode, status: httpStatus })
}

const numbersOf = (exitCode: number | undefined, status: number | undefined) => ({
  ...(exitCode !== undefined && { exitCode }),
  ...(status !== undefined && { status }),
})
