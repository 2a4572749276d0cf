// Who hears what: subscriptions by exact channel or prefix*, found without asking each of them.
// Promises: `deliver` hands every event to every listener that wants it, once each, in the order given; a listener
// that ends or begins while events are handed out disturbs nobody. Namespaces never meet.

import type { Pattern } from './filter.ts'
import type { LogEvent } from './log-event.ts'
import type { Subscription } from './subscription.ts'

type Listeners = Set<Subscription>

/** Listeners of one namespace. */
type Index = { exact: Map<string, Listeners>; prefixes: Map<string, Listeners>; lengths: number[] }

const everything: readonly Pattern[] = [{ name: '', prefix: true }]

export type Bus = ReturnType<typeof createBus>

export const createBus = () => {
  const namespaces = new Map<string, Index>()
  let size = 0
  let lagged = 0

  const indexOf = (namespace: string): Index => {
    const known = namespaces.get(namespace)
    if (known) return known
    const made: Index = { exact: new Map(), prefixes: new Map(), lengths: [] }
    namespaces.set(namespace, made)
    return made
  }

  /** The places in the index that a subscription stands in. */
  const places = (subscription: Subscription): [Map<string, Listeners>, string][] => {
    const index = indexOf(subscription.filter.namespace)
    return (subscription.filter.patterns ?? everything).map(({ name, prefix }) => [
      prefix ? index.prefixes : index.exact,
      name,
    ])
  }

  const measure = (index: Index): void => {
    index.lengths = [...new Set([...index.prefixes.keys()].map((prefix) => prefix.length))].sort(
      (a, b) => a - b,
    )
  }

  const offerTo = (
    event: LogEvent,
    listeners: Listeners | undefined,
    seen: Set<Subscription> | undefined,
  ): void => {
    if (!listeners) return
    for (const subscription of listeners) {
      if (seen && (subscription.filter.patterns?.length ?? 1) > 1) {
        if (seen.has(subscription)) continue
        seen.add(subscription)
      }
      subscription.offer(event)
    }
  }

  return {
    add: (subscription: Subscription): void => {
      size++
      for (const [map, name] of places(subscription)) {
        const listeners = map.get(name)
        if (listeners) listeners.add(subscription)
        else map.set(name, new Set([subscription]))
      }
      measure(indexOf(subscription.filter.namespace))
    },

    remove: (subscription: Subscription): void => {
      size--
      for (const [map, name] of places(subscription)) {
        const listeners = map.get(name)
        listeners?.delete(subscription)
        if (listeners?.size === 0) map.delete(name)
      }
      measure(indexOf(subscription.filter.namespace))
    },

    deliver: (events: readonly LogEvent[]): void => {
      if (size === 0) return
      for (const event of events) {
        const index = namespaces.get(event.namespace)
        if (!index) continue
        // one pattern may be a part of another: only then can a listener be met twice
        const seen =
          index.lengths.length + (index.exact.size > 0 ? 1 : 0) > 1 ? new Set<Subscription>() : undefined
        offerTo(event, index.exact.get(event.channel), seen)
        for (const length of index.lengths) {
          if (length > event.channel.length) break
          offerTo(event, index.prefixes.get(event.channel.slice(0, length)), seen)
        }
      }
    },

    get size(): number {
      return size
    },
    /** subscriptions that fell behind and were ended, since start */
    get lagged(): number {
      return lagged
    },
    countLagged: (): void => {
      lagged++
    },
  }
}
