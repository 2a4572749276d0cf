// Who hears what: subscriptions by exact channel or prefix*, found without asking each of them.
// Promises: `deliver` hands every event to every listener that wants it, once each, in the order given; a listener
// that ends or begins while events are handed out disturbs nobody. Namespaces never meet.

import type { Filter, Pattern } from './filter.ts'
import type { LogEvent } from './log-event.ts'

/** A subscription, or somebody inside the daemon. */
export type Listener = {
  readonly filter: Filter
  /** Called after COMMIT, in order, with every event on the filter's channels; what else it says, the listener looks at. */
  readonly offer: (event: LogEvent) => void
  /** one of the daemon's own, which is not counted */
  readonly own?: true
}

type Listeners = Set<Listener>

/** Listeners of one namespace. */
type Index = { exact: Map<string, Listeners>; prefixes: Map<string, Listeners>; lengths: number[] }

const everything: readonly Pattern[] = [{ name: '', prefix: true }]

export type Bus = ReturnType<typeof createBus>

export const createBus = () => {
  const namespaces = new Map<string, Index>()
  let subscriptions = 0
  let listening = 0
  let lagged = 0

  const indexOf = (namespace: string): Index => {
    const known = namespaces.get(namespace)
    if (known) return known
    const made: Index = { exact: new Map(), prefixes: new Map(), lengths: [] }
    namespaces.set(namespace, made)
    return made
  }

  /** The places in the index that a listener stands in. */
  const places = (listener: Listener): [Map<string, Listeners>, string][] => {
    const index = indexOf(listener.filter.namespace)
    return (listener.filter.patterns ?? everything).map(({ name, prefix }) => [
      prefix ? index.prefixes : index.exact,
      name,
    ])
  }

  const measure = (index: Index): void => {
    index.lengths = [...new Set([...index.prefixes.keys()].map((prefix) => prefix.length))].sort(
      (a, b) => a - b,
    )
  }

  /** @param seen those of several patterns that had this event; gives back the same, made when it is needed */
  const offerTo = (
    event: LogEvent,
    listeners: Listeners | undefined,
    seen: Set<Listener> | undefined,
  ): Set<Listener> | undefined => {
    if (!listeners) return seen
    let had = seen
    for (const listener of listeners) {
      // one pattern may be a part of another: only then can a listener be met twice
      if ((listener.filter.patterns?.length ?? 1) > 1) {
        had ??= new Set()
        if (had.has(listener)) continue
        had.add(listener)
      }
      listener.offer(event)
    }
    return had
  }

  return {
    add: (listener: Listener): void => {
      if (!listener.own) subscriptions++
      listening++
      for (const [map, name] of places(listener)) {
        const listeners = map.get(name)
        if (listeners) listeners.add(listener)
        else map.set(name, new Set([listener]))
      }
      measure(indexOf(listener.filter.namespace))
    },

    remove: (listener: Listener): void => {
      if (!listener.own) subscriptions--
      listening--
      for (const [map, name] of places(listener)) {
        const listeners = map.get(name)
        listeners?.delete(listener)
        if (listeners?.size === 0) map.delete(name)
      }
      measure(indexOf(listener.filter.namespace))
    },

    deliver: (events: readonly LogEvent[]): void => {
      if (listening === 0) return
      for (const event of events) {
        const index = namespaces.get(event.namespace)
        if (!index) continue
        let seen = offerTo(event, index.exact.get(event.channel), undefined)
        for (const length of index.lengths) {
          if (length > event.channel.length) break
          seen = offerTo(event, index.prefixes.get(event.channel.slice(0, length)), seen)
        }
      }
    },

    /** subscriptions there are */
    get size(): number {
      return subscriptions
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
