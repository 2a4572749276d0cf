// The lease of a held lock: renewed at a third of its time, on its own connection or, when that is lost, a new one.
// It promises: `signal` aborts as soon as the lock is known to be lost (its lease could not be renewed in time, it was
// broken, handed over or expired), and never later than the lease can have ended. Time is read on two clocks, because
// one of them stops while a machine sleeps and the other may be set back.

import { PaidError } from '../protocol/error.ts'
import { backOff, isPassing } from './bounds.ts'
import { type Connection, converse } from './conversation.ts'
import type { Open } from './line.ts'

export type Lease = {
  signal: AbortSignal
  /** Renews it now; resolves to whether it still is ours. */
  check: () => Promise<boolean>
  release: () => Promise<boolean>
  /** Keeps it no longer, and tells nobody. */
  end: () => void
}

type Held = {
  name: string
  holder: string
  token: number
  ttl: number
  connection: Connection
  open: Open
  /** see `converse` */
  cause: string | undefined
  closing: AbortSignal
  /** when it was asked for, on the clock of `performance` */
  askedAt: number
}

/** setTimeout takes no longer ones; at worst it is renewed a little more often */
const longestTimerMs = 2 ** 31 - 1
const answerWithinMs = 30_000
/** for the daemon's own word, when by our clocks the lease has ended: one of them may have been moved */
const lastWordWithinMs = 1000

export const keepLease = ({ name, holder, token, ttl, open, cause, closing, ...began }: Held): Lease => {
  const losing = new AbortController()
  const ending = new AbortController()
  const id = { name, holder, token }
  let connection: Connection | undefined = began.connection
  let renewedAt = clocks()
  renewedAt.steady = Math.max(began.askedAt, renewedAt.steady - ttl / 3)
  let deadline: ReturnType<typeof setTimeout> | undefined
  let renewal: ReturnType<typeof setTimeout> | undefined
  let renewing: Promise<boolean> | undefined
  let heard: string | undefined

  const over = () => ending.signal.aborted
  const leftMs = () => {
    const now = clocks()
    return ttl - Math.max(now.steady - renewedAt.steady, now.wall - renewedAt.wall)
  }
  const patienceMs = () => (leftMs() > 0 ? Math.min(answerWithinMs, leftMs()) : lastWordWithinMs)
  const end = () => {
    ending.abort()
    clearTimeout(deadline)
    clearTimeout(renewal)
    closing.removeEventListener('abort', giveBack)
    connection?.close()
  }
  const lose = (why: string) => {
    if (over()) return
    end()
    losing.abort(new PaidError('lock_lost', `The lock ${name} was lost: ${why}`))
  }
  const schedule = () => {
    clearTimeout(deadline)
    clearTimeout(renewal)
    if (over()) return
    deadline = setTimeout(
      () => (leftMs() > 0 ? schedule() : lose('its lease could not be renewed in time')),
      timerMs(leftMs()),
    )
    renewal = setTimeout(() => void check(), timerMs(leftMs() - (ttl * 2) / 3))
  }

  /** Other hands on this lock are heard of at once; what they did, the next renewal says. */
  const listen = async (on: Connection) => {
    const { subscription } = await on.call('event.subscribe', {
      channel: `lock:${name}`,
      since: token,
      transient: false,
    })
    for (;;) {
      const delivery = await on.next(subscription)
      if (over() || !('event' in delivery)) return
      const { type } = delivery.event
      if (type === 'lock.renewed') continue
      heard = doings[type]
      void check()
    }
  }
  const connected = async (): Promise<Connection> => {
    if (connection) return connection
    const opened = await converse(open, { signal: ending.signal, timeoutMs: patienceMs() }, cause)
    attach(opened)
    return opened
  }
  const attach = (opened: Connection) => {
    connection = opened
    void opened.ended.then(() => {
      if (connection === opened) connection = undefined
      if (!over()) void check()
    })
    // a connection that fails is noticed by its end
    listen(opened).catch(() => {})
  }

  const renew = async (): Promise<boolean> => {
    const retry = backOff()
    while (!over()) {
      const asked = clocks()
      try {
        const answer = await (
          await connected()
        ).call('lock.renew', { ...id, ttl }, { signal: ending.signal, timeoutMs: patienceMs() })
        if (answer.renewed) {
          renewedAt = asked
          schedule()
          return !over()
        }
        lose(heard ?? reasons[answer.reason])
      } catch (error) {
        if (over()) return false
        if (!isPassing(error)) lose(error instanceof Error ? error.message : String(error))
        else if (leftMs() <= 0) lose('its lease could not be renewed in time')
        else await retry.pause(ending.signal, leftMs())
      }
    }
    return false
  }
  const check = (): Promise<boolean> =>
    (renewing ??= renew().finally(() => {
      renewing = undefined
    }))

  const release = async (): Promise<boolean> => {
    if (over()) return false
    const own = connection
    connection = undefined // so that `end` leaves it open for these last words
    end()
    const last = own ?? (await converse(open, {}, cause))
    try {
      return (await last.call('lock.release', id)).released
    } finally {
      last.close()
    }
  }
  const giveBack = () => void release().catch(() => {})

  closing.addEventListener('abort', giveBack)
  attach(began.connection)
  schedule()

  return { signal: losing.signal, check, end, release }
}

const doings: Record<string, string> = {
  'lock.broken': 'it was broken',
  'lock.transferred': 'it was handed over',
  'lock.expired': 'its lease ended',
}

const reasons = {
  not_held: 'its lease ended',
  not_holder: 'another holder has it',
  old_token: 'it was taken anew since',
} as const

const timerMs = (ms: number): number => Math.min(Math.max(0, ms), longestTimerMs)

const clocks = () => ({ steady: performance.now(), wall: Date.now() })
