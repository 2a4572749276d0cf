// What arrives by itself and one after the other: frames of a WebSocket, lines of a stream, pushed events. A test
// waits for the next one instead of sleeping.

export type Inbox<T> = {
  /** everything that arrived, in order */
  readonly all: readonly T[]
  /** The next one that was not taken yet. Rejects when the source ended before. */
  next: () => Promise<T>
  /** The next `count` of them. */
  take: (count: number) => Promise<T[]>
  push: (item: T) => void
  /** Nothing more will come. */
  end: (why: string) => void
}

export const createInbox = <T>(): Inbox<T> => {
  const all: T[] = []
  let taken = 0
  let ended: string | undefined
  let changed = Promise.withResolvers<void>()

  const next = async (): Promise<T> => {
    for (;;) {
      const [item] = all.slice(taken, taken + 1)
      if (item !== undefined) {
        taken++
        return item
      }
      if (ended !== undefined) throw new Error(`${ended} after ${all.length}`)
      await changed.promise
    }
  }
  const wake = (): void => {
    changed.resolve()
    changed = Promise.withResolvers()
  }

  return {
    all,
    next,
    take: async (count) => {
      const items: T[] = []
      while (items.length < count) items.push(await next())
      return items
    },
    push: (item) => {
      all.push(item)
      wake()
    },
    end: (why) => {
      ended ??= why
      wake()
    },
  }
}
