// A heap: whatever is put in, the least comes out first. Putting in what is larger than the rest costs next to nothing.

export type Heap<T> = ReturnType<typeof createHeap<T>>

/** @param before whether one comes out before another */
export const createHeap = <T>(before: (one: T, other: T) => boolean) => {
  let heap: T[] = []

  /** Lets an item sink from a place to its own. */
  const sink = (item: T, from: number): void => {
    let at = from
    for (;;) {
      let below = 2 * at + 1
      let least = heap[below]
      if (least === undefined) break
      const other = heap[below + 1]
      if (other !== undefined && before(other, least)) {
        least = other
        below++
      }
      if (!before(least, item)) break
      heap[at] = least
      at = below
    }
    heap[at] = item
  }

  return {
    get size(): number {
      return heap.length
    },
    get first(): T | undefined {
      return heap[0]
    },

    push: (item: T): void => {
      let at = heap.length
      heap.push(item)
      while (at > 0) {
        const above = (at - 1) >> 1
        const upper = heap[above]
        if (upper === undefined || !before(item, upper)) break
        heap[at] = upper
        at = above
      }
      heap[at] = item
    },

    pop: (): T | undefined => {
      const [first] = heap
      const last = heap.pop()
      if (heap.length > 0 && last !== undefined) sink(last, 0)
      return first
    },

    /** Holds these instead, in whatever order they come. */
    fill: (items: Iterable<T>): void => {
      heap = [...items]
      for (let at = (heap.length >> 1) - 1; at >= 0; at--) {
        const item = heap[at]
        if (item !== undefined) sink(item, at)
      }
    },
  }
}
