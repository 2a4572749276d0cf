// GET /events as a stream: Server-Sent Events, or JSON lines that follow. One subscription, one outbox, and the
// response's own back-pressure: what the socket does not take stays here within the subscription's bound.

import type { Access } from '../../protocol/method.ts'
import { Outbox } from '../../lib/outbox.ts'
import type { LogEvent } from '../../core/log-event.ts'
import { createPeer, endPeer, type Peer } from '../../core/peer.ts'
import { encodeEvent } from '../dialects/pai.ts'

const keepAliveMs = 15_000

export type StreamForm = {
  readonly contentType: string
  readonly encode: (event: LogEvent) => string
  readonly lagged: (seq: number) => string
  /** sent at once, so that the reader knows it is connected */
  readonly hello: string
  readonly keepAlive: string
}

export const eventStream: StreamForm = {
  contentType: 'text/event-stream; charset=utf-8',
  encode: (event) => `${event.seq > 0 ? `id: ${event.id}\n` : ''}data: ${encodeEvent(event)}\n\n`,
  lagged: (seq) => `event: lagged\ndata: {"since":"evt_${seq}"}\n\n`,
  hello: ': connected\n\n',
  keepAlive: ': keep-alive\n\n',
}

export const jsonLines: StreamForm = {
  contentType: 'application/x-ndjson',
  encode: (event) => `${encodeEvent(event)}\n`,
  lagged: (seq) => `{"lagged":{"since":"evt_${seq}"}}\n`,
  // a blank line: readers of JSON lines pass over it, and the headers leave with it
  hello: '\n',
  keepAlive: '\n',
}

/**
 * A response that stays open until its reader leaves or falls behind.
 * @param streams the open ones, each as the function that ends it
 * @param subscribe starts the subscription of the peer it gets; rejects with what the answer should be instead
 */
export const openStream = async (
  form: StreamForm,
  {
    by,
    scope,
    streams,
    onLagged,
  }: { by: string; scope: Access; streams: Set<() => void>; onLagged: () => void },
  subscribe: (peer: Peer) => Promise<unknown>,
): Promise<Response> => {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let ended = false
  const encoder = new TextEncoder()

  const outbox = new Outbox((frames) => {
    if (ended || !controller) return frames.length
    controller.enqueue(encoder.encode(frames.join('')))
    if ((controller.desiredSize ?? 0) <= 0) outbox.block()
    return frames.length
  })

  const peer = createPeer(by, scope, '', {
    get blocked() {
      return outbox.blocked
    },
    empty: () => outbox.empty(),
    send: (event, subscription) =>
      outbox.push(event.frame(form.encode), subscription, event.dataText.length, event.seq),
    lagged: (subscription, seq) => {
      outbox.discard(subscription)
      outbox.push(form.lagged(seq))
      onLagged()
      // nothing follows: the reader comes back with the cursor it was given
      void outbox.empty().then(close)
    },
    over: () => close(),
  })

  const keepAlive = setInterval(() => {
    if (!outbox.blocked) outbox.push(form.keepAlive)
  }, keepAliveMs)

  const finish = (): boolean => {
    if (ended) return false
    ended = true
    clearInterval(keepAlive)
    endPeer(peer)
    outbox.close()
    streams.delete(close)
    return true
  }

  const close = (): void => {
    if (finish()) controller?.close()
  }

  const body = new ReadableStream<Uint8Array>(
    {
      start: (own) => void (controller = own),
      pull: () => outbox.drained(),
      cancel: () => void finish(),
    },
    { highWaterMark: 64 * 1024, size: (chunk) => chunk?.byteLength ?? 0 },
  )

  streams.add(close)
  try {
    await subscribe(peer)
  } catch (error) {
    finish()
    throw error
  }
  outbox.push(form.hello)
  const headers = {
    'content-type': form.contentType,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  }
  return new Response(body, { headers })
}
