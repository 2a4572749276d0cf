// One listener's view of the log: a filter, a cursor, a way out.
//
// Promises: every stored event that the filter accepts after its cursor arrives once, in `seq` order, without a gap
// between what is replayed and what is live. A replay waits for its reader and holds one page. A live listener that
// falls behind its bound, once its socket has refused bytes, is ended and told the seq to resume from; nobody waits
// for it. One event larger than the bound passes when nothing else waits.

import type { Owner } from '../lib/outbox.ts'
import { accepts, type Filter } from './filter.ts'
import type { Log } from './log.ts'
import type { LogEvent } from './log-event.ts'
import { pageAfter } from './query.ts'

/** The way out that a door gives: its outbox, and its dialect's words. */
export type Stream = {
  readonly blocked: boolean
  /** resolves when what was sent has left, or the connection has ended */
  readonly empty: () => Promise<void>
  readonly send: (event: LogEvent, subscription: Subscription) => void
  /** takes back what has not left yet and says where to resume */
  readonly lagged: (subscription: Subscription, seq: number) => void
  /** everything the log held for it was sent: what follows is live */
  readonly live?: ((subscription: Subscription) => void) | undefined
  /** nothing will follow any more, though its reader is there still; absent where that ends nothing */
  readonly over?: (() => void) | undefined
}

export type Bounds = { readonly unsentEvents: number; readonly unsentBytes: number }

const replayPage = 256
/** transient events kept for a subscription that is still replaying */
const heldTransients = 1000

export class Subscription implements Owner {
  readonly id: string
  readonly filter: Filter
  unsentFrames = 0
  unsentBytes = 0
  /** the last stored event that was handed to the socket, or where it began */
  sentSeq: number
  ended = false
  #live = false
  /** numbers of this connection's own events that came while it was replaying */
  #own: Set<number> | undefined
  #held: LogEvent[] = []
  readonly #transient: boolean
  readonly #siblings: ReadonlyMap<string, unknown>
  readonly #stream: Stream
  readonly #bounds: Bounds
  readonly #end: (subscription: Subscription) => void

  constructor(options: {
    id: string
    filter: Filter
    /** exclusive: what comes after this seq is sent */
    after: number
    transient: boolean
    /** all subscriptions of its connection */
    siblings: ReadonlyMap<string, unknown>
    stream: Stream
    bounds: Bounds
    end: (subscription: Subscription) => void
  }) {
    this.id = options.id
    this.filter = options.filter
    this.sentSeq = options.after
    this.#transient = options.transient
    this.#siblings = options.siblings
    this.#stream = options.stream
    this.#bounds = options.bounds
    this.#end = options.end
  }

  get live(): boolean {
    return this.#live
  }

  /** Called by the bus, after COMMIT, in order. */
  offer(event: LogEvent): void {
    if (this.ended || !accepts(this.filter, event)) return
    if (event.seq === 0 && !this.#transient) return
    if (event.except !== undefined && event.except === this.#siblings) {
      if (!this.#live && event.seq > 0) (this.#own ??= new Set()).add(event.seq)
      return
    }
    if (!this.#live) {
      if (event.seq === 0 && this.#held.length < heldTransients) this.#held.push(event)
      return
    }
    if (
      this.#stream.blocked &&
      this.unsentFrames > 0 &&
      (this.unsentFrames >= this.#bounds.unsentEvents ||
        this.unsentBytes + event.dataText.length > this.#bounds.unsentBytes)
    ) {
      this.#lag()
    } else this.#stream.send(event, this)
  }

  /** Sends what the log holds after the cursor, then goes live. Resolves when live or ended; a log that cannot be read ends it. */
  async replay(log: Log): Promise<void> {
    try {
      await this.#replay(log)
    } catch {
      // its client asks again from there, and that call is told what is wrong
      if (!this.ended) this.#lag()
    }
  }

  async #replay(log: Log): Promise<void> {
    let after = this.sentSeq
    while (!this.#live && !this.ended) {
      await this.#stream.empty()
      await log.read((reader) => {
        if (this.ended) return
        const page = pageAfter(reader, this.filter, after, replayPage)
        for (const event of page.events) if (!this.#own?.has(event.seq)) this.#stream.send(event, this)
        after = page.events.at(-1)?.seq ?? after
        // no COMMIT lies between this read and here, so whatever comes next comes from the bus
        if (!page.more) this.#goLive()
      })
    }
  }

  /** Ends it without a word: its connection is gone, or it was asked to. */
  close(): void {
    if (this.ended) return
    this.ended = true
    this.#held = []
    this.#end(this)
  }

  #goLive(): void {
    this.#live = true
    const held = this.#held
    this.#held = []
    this.#own = undefined
    for (const event of held) this.offer(event)
    this.#stream.live?.(this)
  }

  #lag(): void {
    this.close()
    this.#stream.lagged(this, this.sentSeq)
  }
}
