// One event in memory. Its payload stays the text that is on disk and on the wire; whoever needs the value parses it
// once, and each dialect's frame is made once however many listeners get it.

import type { Event } from '../protocol/event.ts'
import { eventId } from '../protocol/event.ts'

/** An event before it has a number. `dataText` and `originText` are JSON. */
export type Draft = {
  namespace: string
  channel: string
  type: string
  by: string
  dataText: string
  originText?: string | undefined
  occurredAt?: number | undefined
  key?: string | undefined
  /** what the room that wrote it keeps beside it; nobody else is shown it */
  own?: string | undefined
  /** subscriptions that are not told: those of the connection it came on; neither stored nor shown */
  except?: ReadonlyMap<string, unknown> | undefined
}

export class LogEvent implements Draft {
  /** 0 on a transient event */
  readonly seq: number
  /** 0 on a transient event */
  readonly stream: number
  readonly at: number
  readonly namespace: string
  readonly channel: string
  readonly type: string
  readonly reserved: boolean
  readonly by: string
  readonly dataText: string
  readonly originText: string | undefined
  readonly occurredAt: number | undefined
  readonly key: string | undefined
  readonly own: string | undefined
  readonly except: ReadonlyMap<string, unknown> | undefined
  #frames: [encoder: (event: LogEvent) => string, frame: string][] | undefined
  #json: string | undefined

  /**
   * @param seq its number, 0 for a transient event
   * @param stream the number of its stream, see streams.ts
   */
  constructor(draft: Draft, seq: number, at: number, reserved: boolean, stream = 0) {
    this.seq = seq
    this.stream = stream
    this.at = at
    this.namespace = draft.namespace
    this.channel = draft.channel
    this.type = draft.type
    this.reserved = reserved
    this.by = draft.by
    this.dataText = draft.dataText
    this.originText = draft.originText
    this.occurredAt = draft.occurredAt
    this.key = draft.key
    this.own = draft.own
    this.except = draft.except
  }

  get id(): string {
    return eventId(this.seq)
  }

  /** The payload, parsed anew at each call. */
  get data(): unknown {
    return JSON.parse(this.dataText)
  }

  /** The labels of its sender, parsed anew at each call. */
  get origin(): Record<string, unknown> | undefined {
    return this.originText === undefined ? undefined : JSON.parse(this.originText)
  }

  /** The event as JSON text, in the protocol's shape; made once. */
  get json(): string {
    return (this.#json ??= this.#encode())
  }

  /** What `encoder` makes of this event; made once for each encoder. */
  frame(encoder: (event: LogEvent) => string): string {
    this.#frames ??= []
    for (const [known, frame] of this.#frames) if (known === encoder) return frame
    const frame = encoder(this)
    this.#frames.push([encoder, frame])
    return frame
  }

  toJSON(): Event {
    return JSON.parse(this.json)
  }

  #encode(): string {
    let text = this.seq > 0 ? `{"seq":${this.seq},"id":"${this.id}","at":${this.at}` : `{"at":${this.at}`
    if (this.occurredAt !== undefined) text += `,"occurredAt":${this.occurredAt}`
    text += `,"channel":${JSON.stringify(this.channel)},"type":${JSON.stringify(this.type)},"data":${this.dataText}`
    if (this.originText !== undefined) text += `,"origin":${this.originText}`
    text += `,"by":${JSON.stringify(this.by)}`
    if (this.key !== undefined) text += `,"key":${JSON.stringify(this.key)}`
    return `${text}}`
  }
}
