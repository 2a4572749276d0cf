// The locks that are held, in memory: what a call looks at costs no query. When something that was written comes to
// nothing, all is read again from what is on disk. It also knows which lease ends next.

import type { Database } from 'bun:sqlite'
import { createHeap } from '../../lib/heap.ts'
import type { Log } from '../../core/log.ts'
import { type Place, readRows, type Row } from './rows.ts'

/** beyond this and twice the locks that are held, the ends of leases that are no more are cleared away */
const fewEnds = 1000

export type Held = ReturnType<typeof createHeld>

export const createHeld = (log: Pick<Log, 'behind' | 'undone'>) => {
  const rows = new Map<string, Map<string, Row>>()
  let size = 0
  /** rows as their leases began: those that were renewed since, or ended, are not in `rows` */
  const ends = createHeap<Row>((one, other) => one.deadline < other.deadline)
  let read = -1

  const all = (): Row[] => [...rows.values()].flatMap((names) => [...names.values()])

  const set = (row: Row): void => {
    let names = rows.get(row.namespace)
    if (!names) rows.set(row.namespace, (names = new Map()))
    const before = names.size
    names.set(row.name, row)
    size += names.size - before
  }

  /** @param database looked into at first, and after something was undone */
  const recall = (database: Database): void => {
    if (read === log.undone) return
    read = log.undone
    rows.clear()
    size = 0
    for (const row of readRows(database, log.behind)) set(row)
    ends.fill(all())
  }

  const get = ({ namespace, name }: Place): Row | undefined => rows.get(namespace)?.get(name)

  return {
    get: (database: Database, place: Place): Row | undefined => {
      recall(database)
      return get(place)
    },

    all: (database: Database): Row[] => {
      recall(database)
      return all()
    },

    put: (row: Row): void => {
      set(row)
      ends.push(row)
      if (ends.size > fewEnds + 2 * size) ends.fill(all())
    },

    remove: ({ namespace, name }: Place): void => {
      const names = rows.get(namespace)
      if (!names?.delete(name)) return
      size--
      if (names.size === 0) rows.delete(namespace)
    },

    /** The lock whose lease ends first. */
    first: (database: Database): Row | undefined => {
      recall(database)
      for (let row = ends.first; row; row = ends.first) {
        if (get(row) === row) return row
        ends.pop()
      }
      return undefined
    },
  }
}
