// The photon daemon protocol's client, under its own names: local programs talk, take turns and schedule jobs over
// `~/.photon/daemons/NAME.sock` (`paid start --photon NAME`; PHOTON_SOCKET_DIR names another folder).
// It promises: the arguments and results of its document, a connection for each call, errors as PaidError.
// It refuses: names that are a path. All of one process is one holder of locks, as the document says.

import { homedir } from 'node:os'
import { PaidError } from '../protocol/error.ts'
import { backOff, bounded } from './bounds.ts'
import type { Line, Open } from './line.ts'
import { unixLine } from './lines/unix.ts'
import type {
  AcquireLock,
  ListJobs,
  ListLocks,
  LockInfo,
  PingDaemon,
  PublishToChannel,
  ReleaseLock,
  ScheduledJob,
  ScheduleJob,
  SubscribeChannel,
  UnscheduleJob,
} from './photon-types.ts'

export type * from './photon-types.ts'
export { PaidError }

const answerWithinMs = 5000
const lockWithinMs = 10_000
const defaultLeaseMs = 30_000

type Reply = {
  type: string
  id: string
  error?: string
  data?: Record<string, unknown>
  message?: unknown
  eventId?: string | number
  lastEventId?: string | number
}

export const publishToChannel: PublishToChannel = async (photonName, channel, message) => {
  await ask(photonName, { type: 'publish', channel, message })
}

export const acquireLock: AcquireLock = async (photonName, lockName, timeout = defaultLeaseMs) => {
  const lock = { type: 'lock', sessionId: session(), lockName, lockTimeout: timeout }
  return (await ask(photonName, lock, lockWithinMs)).data?.['acquired'] === true
}

export const releaseLock: ReleaseLock = async (photonName, lockName) => {
  const unlock = { type: 'unlock', sessionId: session(), lockName }
  return (await ask(photonName, unlock, lockWithinMs)).data?.['released'] === true
}

export const listLocks: ListLocks = async (photonName) => {
  const locks = (await ask(photonName, { type: 'list_locks' })).data?.['locks']
  return Array.isArray(locks) ? locks.filter(isLock) : []
}

export const scheduleJob: ScheduleJob = async (photonName, jobId, method, cron, args) => {
  const job = { type: 'schedule', sessionId: session(), jobId, method, cron, args }
  const { scheduled, nextRun, reason } = (await ask(photonName, job)).data ?? {}
  return {
    scheduled: scheduled === true,
    ...(typeof nextRun === 'number' && { nextRun }),
    ...(typeof reason === 'string' && { reason }),
  }
}

export const unscheduleJob: UnscheduleJob = async (photonName, jobId) =>
  (await ask(photonName, { type: 'unschedule', jobId })).data?.['unscheduled'] === true

export const listJobs: ListJobs = async (photonName) => {
  const found: ScheduledJob[] = []
  let after: unknown
  do {
    const { data } = await ask(photonName, { type: 'list_jobs', ...(after !== undefined && { after }) })
    if (Array.isArray(data?.['jobs'])) found.push(...data['jobs'].filter(isJob))
    after = data?.['after']
  } while (after !== undefined)
  return found
}

export const pingDaemon: PingDaemon = async (photonName) => {
  const line = lineTo(photonName)
  try {
    return (await askOn(line, { type: 'ping' })).type === 'pong'
  } catch (error) {
    if (error instanceof PaidError) return false
    throw error
  }
}

export const subscribeChannel: SubscribeChannel = async (photonName, channel, handler) => {
  const open = lineTo(photonName)
  const stop = new AbortController()
  const retry = backOff()
  /** null until the daemon has said where the channel stands */
  let lastEventId: string | number | null = null

  const follow = async (): Promise<Subscribed> => {
    const frame = { type: 'subscribe', channel, lastEventId }
    let heard = false
    const subscribed = await subscribe(open, frame, ({ message, eventId }) => {
      if (stop.signal.aborted) return
      heard ||= eventId !== undefined
      lastEventId = eventId ?? lastEventId
      // in a turn of its own: what a handler throws is its program's business, not the connection's
      queueMicrotask(() => handler(message))
    })
    if (!heard) lastEventId = subscribed.lastEventId ?? lastEventId
    return subscribed
  }
  const keep = async (first: Subscribed) => {
    let current: Subscribed | undefined = first
    while (!stop.signal.aborted) {
      const lost = current?.ended
      const close = current?.close
      if (close) stop.signal.addEventListener('abort', close)
      await lost
      if (close) stop.signal.removeEventListener('abort', close)
      if (stop.signal.aborted) return
      await retry.pause(stop.signal)
      current = stop.signal.aborted ? undefined : await follow().catch(() => undefined)
      if (current) retry.reset()
    }
    current?.close()
  }
  void keep(await follow())
  return () => stop.abort()
}

type Subscribed = { close: () => void; ended: Promise<void>; lastEventId: string | number | undefined }

/** Resolves when the daemon has agreed; messages that it replays come before. */
const subscribe = async (
  open: Open,
  frame: Record<string, unknown>,
  message: (reply: Reply) => void,
): Promise<Subscribed> => {
  let end = () => {}
  const ended = new Promise<void>((resolve) => (end = resolve))
  const { line, reply } = await exchange(open, frame, { message, closed: end })
  return { close: line.close, ended, lastEventId: reply.lastEventId }
}

const ask = async (
  photonName: string,
  frame: Record<string, unknown>,
  timeoutMs = answerWithinMs,
): Promise<Reply> => await askOn(lineTo(photonName), frame, timeoutMs)

const askOn = async (
  open: Open,
  frame: Record<string, unknown>,
  timeoutMs = answerWithinMs,
): Promise<Reply> => {
  const { line, reply } = await exchange(open, frame, { timeoutMs })
  line.close()
  return reply
}

type Exchange = { message?: (reply: Reply) => void; closed?: () => void; timeoutMs?: number }

/** Opens a line, asks, and gives the answer with the line, still open. */
const exchange = async (
  open: Open,
  frame: Record<string, unknown>,
  { message, closed, timeoutMs = answerWithinMs }: Exchange,
): Promise<{ line: Line; reply: Reply }> => {
  const id = `${String(frame['type'])}_${random()}`
  let answer = (_reply: Reply) => {}
  let fail = (_error: PaidError) => {}
  const answered = new Promise<Reply>((resolve, reject) => {
    answer = resolve
    fail = reject
  })
  answered.catch(() => {})
  const line = await open({
    text: (text) => {
      const reply: Reply = JSON.parse(text)
      if (reply.type === 'channel_message') message?.(reply)
      else if (reply.id !== id && reply.id !== 'unknown') return
      else if (reply.type === 'error') fail(new PaidError('bad_request', reply.error))
      else if (reply.type === 'result' || reply.type === 'pong') answer(reply)
    },
    closed: () => {
      fail(new PaidError('not_running', 'The daemon closed the connection'))
      closed?.()
    },
  })
  try {
    line.send(JSON.stringify({ ...frame, id }))
    return { line, reply: await bounded(answered, { timeoutMs }) }
  } catch (error) {
    line.close()
    throw error
  }
}

const lineTo = (photonName: string): Open => {
  if (!/^[^/\\\0]+$/.test(photonName) || /^\.\.?$/.test(photonName))
    throw new PaidError('bad_request', `Not the name of a photon: ${JSON.stringify(photonName)}`)
  const folder = process.env['PHOTON_SOCKET_DIR'] || `${process.env['HOME'] || homedir()}/.photon/daemons`
  return unixLine(`${folder}/${photonName}.sock`)
}

const random = (): string =>
  crypto.getRandomValues(new Uint32Array(1))[0]?.toString(16).padStart(8, '0') ?? ''

/** Who this process is, to others: the same for all its calls. */
const session = (): string =>
  (ownSession ??= process.env['PHOTON_SESSION_ID'] || `cli-${process.pid}-${random()}`)
let ownSession: string | undefined

const isLock = (value: unknown): value is LockInfo =>
  typeof value === 'object' && value !== null && 'name' in value && 'holder' in value

const isJob = (value: unknown): value is ScheduledJob =>
  typeof value === 'object' && value !== null && 'id' in value && 'cron' in value
