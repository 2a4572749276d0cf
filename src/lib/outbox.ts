// What waits to be written to one peer. Everything queued in a turn of the event loop leaves in one go at its end, or
// with the first answer among it, once what runs has run: whoever asked waits for no other turn.
// Promises: frames leave whole and in order; nothing is dropped here. `blocked` is true from the moment the socket
// refuses bytes until it drains, and each owner (a subscription) can see how much of its own is still unsent.

/** Somebody whose unsent frames are counted. */
export type Owner = { unsentFrames: number; unsentBytes: number; sentSeq: number }

type Frame = {
  readonly text: string
  readonly bytes: number
  readonly seq: number
  readonly owner: Owner | undefined
}

/** Writes frames beginning at `from`; returns how many were taken. Fewer than offered means: blocked until drain. */
export type Write = (frames: readonly string[]) => number

/** frames offered to the socket at once: enough to fill it, few enough to stop soon after it refuses */
const batchFrames = 512
const batchBytes = 256 * 1024

export class Outbox {
  blocked = false
  #queue: Frame[] = []
  #start = 0
  #scheduled = false
  #hurried = false
  #closed = false
  #writing = false
  #waiting: (() => void)[] = []
  readonly #write: Write

  constructor(write: Write) {
    this.#write = write
  }

  get size(): number {
    return this.#queue.length - this.#start
  }

  /** Queues one frame. `bytes` is its size for the owner's bound, `seq` the number of the stored event in it (0: none). */
  push(text: string, owner?: Owner, bytes = text.length, seq = 0): void {
    if (this.#closed) return
    this.#queue.push({ text, bytes, seq, owner })
    if (owner) {
      owner.unsentFrames++
      owner.unsentBytes += bytes
    }
    if (this.#scheduled || this.#hurried || this.blocked) return
    this.#scheduled = true
    setImmediate(this.flush)
  }

  /** Queues one frame that somebody waits for: it leaves with what is queued now and in the same breath. */
  answer(text: string, owner: Owner): void {
    this.#hurried ||= this.#hurry()
    this.push(text, owner)
  }

  #hurry(): boolean {
    if (this.#closed || this.blocked) return false
    queueMicrotask(this.#leave)
    return true
  }

  readonly #leave = (): void => {
    this.#hurried = false
    if (!this.blocked) this.flush()
  }

  /** Writes what the socket takes. Called at the end of the turn, and by the door when the socket drains. */
  readonly flush = (): void => {
    this.#scheduled = false
    // some sockets say that they have drained while they are written to: the loop below goes on by itself
    if (this.#writing) return
    this.#writing = true
    try {
      this.#writeAll()
    } finally {
      this.#writing = false
    }
    if (this.size === 0) this.#wake()
  }

  #writeAll(): void {
    while (!this.#closed && !this.blocked && this.size > 0) {
      const batch: string[] = []
      let bytes = 0
      for (
        let at = this.#start;
        at < this.#queue.length && batch.length < batchFrames && bytes < batchBytes;
        at++
      ) {
        const frame = this.#queue[at]
        if (!frame) break
        batch.push(frame.text)
        bytes += frame.bytes
      }
      const taken = this.#write(batch)
      this.#release(taken)
      if (taken < batch.length) this.blocked = true
    }
  }

  /** The door says that the socket takes bytes again. */
  drained(): void {
    this.blocked = false
    this.flush()
  }

  /** Marks the socket as full though it took the last frames (they lie in its own buffer). */
  block(): void {
    this.blocked = true
  }

  /** Resolves when nothing waits here, or when the connection has ended. */
  empty(): Promise<void> {
    if (this.#closed || (this.size === 0 && !this.blocked)) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Takes back every frame of an owner that has not left yet. */
  discard(owner: Owner): void {
    this.#queue = this.#queue.slice(this.#start).filter((frame) => frame.owner !== owner)
    this.#start = 0
    owner.unsentFrames = 0
    owner.unsentBytes = 0
  }

  close(): void {
    this.#closed = true
    this.#queue = []
    this.#start = 0
    this.#wake()
  }

  #release(taken: number): void {
    for (let n = 0; n < taken; n++) {
      const frame = this.#queue[this.#start++]
      if (!frame?.owner) continue
      frame.owner.unsentFrames--
      frame.owner.unsentBytes -= frame.bytes
      if (frame.seq > 0) frame.owner.sentSeq = frame.seq
    }
    if (this.#start === this.#queue.length) {
      // the room of a usual turn is kept for the next one
      if (this.#start > batchFrames) this.#queue = []
      else this.#queue.length = 0
      this.#start = 0
    } else if (this.#start > 4096) {
      this.#queue = this.#queue.slice(this.#start)
      this.#start = 0
    }
  }

  #wake(): void {
    if (this.blocked && !this.#closed) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
