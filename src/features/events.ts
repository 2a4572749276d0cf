// THE EVENTS ROOM: posting, reading and following events.
// Promises: an id that was answered is on disk; a batch is stored all or not at all; an event posted again under its
// key is the first event, also after a restart and for two at the same moment; a subscription has no gap at its seam.
// Refuses: posts to the reserved channels, which their rooms write themselves, and what a room alone tells on others.

import { PaidError } from '../protocol/error.ts'
import { isReserved } from '../protocol/channel.ts'
import { eventId } from '../protocol/event.ts'
import type { NewEvent } from '../protocol/events.ts'
import { limits } from '../protocol/limits.ts'
import type { Bus } from '../core/bus.ts'
import type { HandlersFor } from '../core/dispatch.ts'
import { filterOf } from '../core/filter.ts'
import type { Log, Transaction } from '../core/log.ts'
import type { Draft, LogEvent } from '../core/log-event.ts'
import type { Peer } from '../core/peer.ts'
import { anyPosted, pageAfter, pageNewest, seqOfCursor } from '../core/query.ts'
import { Subscription, type Bounds } from '../core/subscription.ts'

export const createEvents = ({
  log,
  bus,
  bounds,
  isStored = () => false,
  isOwn = () => false,
}: {
  log: Log
  bus: Bus
  bounds: Bounds
  /** whether a channel keeps what is published on it, also what is meant to be transient */
  isStored?: (channel: string) => boolean
  /** whether it is told by another room alone */
  isOwn?: IsOwn
}): HandlersFor<'event'> => {
  let subscriptions = 0

  const draftOf = (event: NewEvent, peer: Peer): Draft => {
    const { channel, type } = event
    if (isReserved(channel) || isOwn(peer.namespace, channel, type)) throw reserved(channel, type)
    return {
      namespace: peer.namespace,
      channel,
      type,
      by: peer.by,
      dataText: jsonOf(event.data === undefined ? {} : event.data),
      originText: originOf(event.origin, peer.cause),
      occurredAt: event.occurredAt,
    }
  }

  return {
    'event.publish': (params, peer) => {
      if ('events' in params) {
        const drafts = params.events.map((event) => draftOf(event, peer))
        return log.commit((transaction) => storeBatch(transaction, drafts, keyOf(peer, params.key)))
      }
      const draft = draftOf(params, peer)
      if (params.echo === false) draft.except = peer.subscriptions
      if (params.transient === true && !isStored(draft.channel)) {
        if (params.key !== undefined)
          throw new PaidError('bad_request', 'key: a transient event is not kept, so it has no key')
        return log.emit(draft).then(() => ({ ids: [] }))
      }
      const key = keyOf(peer, params.key)
      if (key === undefined)
        return log.commit((transaction) => ({ ids: [transaction.append(draft).id] }), true)
      return log.commit((transaction) => {
        const known = transaction.byKey(draft.namespace, key)
        if (!known) return { ids: [transaction.append({ ...draft, key }).id] }
        return { ids: [sameEvent(known, draft).id], duplicate: true }
      })
    },

    'event.list': async ({ since, limit, ...wanted }, peer) => {
      const filter = filterOf(peer.namespace, wanted)
      return log.read((reader) => {
        const start = since === undefined ? undefined : seqOfCursor(reader, since)
        const { events } =
          start === undefined ? pageNewest(reader, filter, limit) : pageAfter(reader, filter, start, limit)
        // with nothing found the cursor is the end of the log, so that a poller misses nothing from here on
        const end = anyPosted(reader, peer.namespace) ? log.head : undefined
        const next = events.at(-1)?.seq ?? start ?? end
        return { events, ...(next !== undefined && { next: eventId(next) }) }
      })
    },

    'event.subscribe': async (params, peer) => {
      const stream = peer.stream
      if (!stream) throw new PaidError('no_stream')
      const filter = filterOf(peer.namespace, params)
      const { since, replay } = params
      const start = await log.read((reader) => {
        // a cursor ahead of this log (another one's, or one from before a restore) means from now on
        if (since !== undefined) return Math.min(log.head, seqOfCursor(reader, since))
        if (replay === undefined || replay === 0) return log.head
        const [first] = pageNewest(reader, filter, replay).events
        return first ? first.seq - 1 : log.head
      })
      // nothing waits between this look and its own entry, so that many at once do not pass it together
      if (peer.subscriptions.size >= limits.subscriptionsPerPeer)
        throw new PaidError('too_many_subscriptions')
      const subscription = new Subscription({
        id: `sub_${++subscriptions}`,
        filter,
        after: start,
        transient: params.transient,
        siblings: peer.subscriptions,
        stream,
        bounds,
        end: (ended) => {
          bus.remove(ended)
          peer.subscriptions.delete(ended.id)
        },
      })
      peer.subscriptions.set(subscription.id, subscription)
      bus.add(subscription)
      // the reply that names it goes out first
      setImmediate(() => void subscription.replay(log))
      return { subscription: subscription.id, head: log.head }
    },

    'event.unsubscribe': (params, peer) => {
      const subscription = peer.subscriptions.get(params.subscription)
      if (!subscription) throw new PaidError('unknown_subscription')
      subscription.close()
      return { ended: true }
    },
  }
}

type IsOwn = (namespace: string, channel: string, type: string) => boolean

const reserved = (channel: string, type: string): PaidError => {
  const what = isReserved(channel)
    ? `${JSON.stringify(channel)} is written`
    : `${JSON.stringify(type)} on ${JSON.stringify(channel)} is told`
  return new PaidError('reserved_channel', `${what} by the daemon alone`)
}

/** The sender's labels, and what made the caller act. */
const originOf = (origin: NewEvent['origin'], cause: string | undefined): string | undefined => {
  if (cause === undefined) return origin && jsonOf(origin)
  return jsonOf({ ...origin, cause })
}

const jsonOf = (value: unknown): string => {
  try {
    return JSON.stringify(value)
  } catch {
    throw new PaidError('bad_request', 'The JSON is nested too deep')
  }
}

/** Two callers may use the same key without meeting. */
const keyOf = (peer: Peer, key: string | undefined): string | undefined =>
  key === undefined ? undefined : `${peer.by} ${key}`

const sameEvent = (known: LogEvent, draft: Draft): LogEvent => {
  const same =
    known.channel === draft.channel &&
    known.type === draft.type &&
    known.dataText === draft.dataText &&
    known.originText === draft.originText &&
    known.occurredAt === draft.occurredAt
  if (!same) throw new PaidError('key_reused', `This key is the one of ${known.id}, which is another event`)
  return known
}

const storeBatch = (transaction: Transaction, drafts: readonly Draft[], key: string | undefined) => {
  if (key === undefined) return { ids: drafts.map((draft) => transaction.append(draft).id) }
  const keyAt = (n: number) => `${key}#${n}`
  const known = drafts.map((draft, n) => transaction.byKey(draft.namespace, keyAt(n)))
  const [first] = drafts
  const longer = first && transaction.byKey(first.namespace, keyAt(drafts.length))
  if (longer || known.some((event) => event) !== known.every((event) => event))
    throw new PaidError('key_reused', 'This key is the one of a batch of another length')
  const ids = drafts.map((draft, n) => {
    const event = known[n]
    return (event ? sameEvent(event, draft) : transaction.append({ ...draft, key: keyAt(n) })).id
  })
  return { ids, ...(known[0] && { duplicate: true }) }
}
