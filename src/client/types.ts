// What a program sees of the client: types alone, shipped as they stand here.

import type { MethodName, Params, Result } from '../protocol/api.ts'
import type { Event } from '../protocol/event.ts'

/** Milliseconds, or text such as "250ms", "30s", "5m", "2h". */
export type Duration = number | string

export type Bounds = {
  /** Gives up when it aborts, with the signal's own reason. */
  signal?: AbortSignal
  /** Gives up with a `timeout` error; 0 waits for ever. */
  timeoutMs?: number
}

/** How to reach a daemon in a browser: `url` is the page's own origin when not given. */
export type WebOptions = Bounds & {
  /** `http://host:port`, or ws, https, wss */
  url?: string | URL
  /** the content of the daemon's token file */
  token?: string
}

/**
 * How to reach a daemon: one of `url`, `socket` (path of its `paid.sock`) and `home` (the folder that holds it).
 * Without any it is the home that PAID_HOME names, or `~/.paid`. Connecting is bounded by `timeoutMs`, 10 s when not given.
 */
export type ConnectOptions = WebOptions & { socket?: string; home?: string }

/** What to follow, and from where; as `event.subscribe` takes it. */
export type Follow = Params<'event.subscribe'>

export type FollowState = 'following' | 'lost' | 'lagged'

export type FollowOptions = {
  /** Ends the iteration, quietly. */
  signal?: AbortSignal
  /** Told what happens to the connection: `following` once for each time it is there. */
  onState?: (state: FollowState) => void
}

export type LockOptions = {
  /** How long to wait in line; without it a lock that is held is an error at once. */
  wait?: Duration
  /** How long the lease lasts should this program vanish; it is renewed in time until the lock is released. "30s" when not given. */
  ttl?: Duration
  /** Who holds it. Two locks with one holder are the same lock; every call is a holder of its own when not given. */
  holder?: string
  /** A word to whoever finds the lock held. */
  note?: string
  /** Gives up waiting, with the signal's own reason. */
  signal?: AbortSignal
}

export type HeldLock = AsyncDisposable & {
  readonly name: string
  readonly holder: string
  /** The fencing token: larger with every new holder, for ever. Give it to what the lock protects. */
  readonly token: number
  /** epoch milliseconds, by the daemon's clock */
  readonly acquiredAt: number
  /** Aborts when the lease is lost before it was released, with a `lock_lost` error as its reason. */
  readonly signal: AbortSignal
  /** Resolves to whether it still was ours. Releasing twice is harmless. */
  release: () => Promise<boolean>
}

/** One run of an offered action. */
export type ActionCall = {
  readonly name: string
  /** who made it, `<door>:<name>` */
  readonly by: string
  /** what made a job, a webhook or a rule make it */
  readonly cause?: string
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal
  /** Tells who made the call how it goes. False when nobody listens there. */
  emit: (data: unknown) => Promise<boolean>
  /** Asks who made the call; null when nobody is there to answer. */
  prompt: (ask: ActionPrompt) => Promise<unknown>
}

export type ActionPrompt = Params<'action.prompt'>['prompt']

/** What it returns is the result, as JSON; what it throws is why the run failed. */
export type ActionHandler = (args: unknown, call: ActionCall) => unknown

export type OfferOptions = {
  /** Runs of one action at a time, 100 when not given; more wait in line. */
  concurrency?: number
  /** Withdraws the offer. */
  signal?: AbortSignal
}

export type Offer = AsyncDisposable & {
  /** Resolves when it was withdrawn; rejects when the daemon takes it no more. */
  readonly ended: Promise<void>
  /** Offers nothing any longer; calls that wait for an answer fail. */
  close: () => void
}

export type Client = AsyncDisposable & {
  /**
   * Calls a method. After a lost connection the next call opens a new one; a call whose answer was lost with it fails
   * with `not_running` and may have been done. Bounded by 30 s when not said otherwise.
   */
  call: <M extends MethodName>(method: M, params: Params<M>, bounds?: Bounds) => Promise<Result<M>>
  /**
   * Events from now, or from `since`, on a connection of its own, through restarts of the daemon, without gap or
   * double. It begins with the first `next`; it ends with its signal or with `close`.
   */
  subscribe: (params?: Follow, options?: FollowOptions) => AsyncGenerator<Event, void>
  /** Takes a lock and keeps it until it is released. Throws `lock_held` when others have it. */
  lock: (name: string, options?: LockOptions) => Promise<HeldLock>
  /**
   * Has runs of these actions come to this program, on a connection of its own, until it is closed; offered anew after a
   * restart of the daemon. Throws `name_taken` when one of them is stored, or offered by others.
   */
  offer: (handlers: Record<string, ActionHandler>, options?: OfferOptions) => Promise<Offer>
  /** Ends its connections: subscriptions and offers end, locks that were not released are given back. */
  close: () => void
}

export type Connect = (options?: ConnectOptions) => Promise<Client>
export type ConnectWeb = (options?: WebOptions) => Promise<Client>
