// What is remembered of very many things, bounded: of maps and sets, which keep the order in which things came, the newest.

type Remembered<K> = { readonly size: number; keys: () => Iterable<K>; delete: (key: K) => boolean }

/** Forgets the oldest until no more than `most` are left. */
export const keepNewest = <K>(all: Remembered<K>, most: number): void => {
  for (const oldest of all.keys()) {
    if (all.size <= most) return
    all.delete(oldest)
  }
}
