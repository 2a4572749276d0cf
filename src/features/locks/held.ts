// The locks that are held, in memory: what a call looks at costs no query. When something that was written comes to
// nothing, all is read again from what is on disk. It also knows which lease ends next.

import type { Database } from 'bun:sqlite'
import { createHeap } from '../../lib/heap.ts'
import type { Log } from '../../core/log.ts'
import { keyOf, type Place, readRows, type Row } from './rows.ts'

/** beyond this and twice the locks that are held, the ends of leases that are no more are cleared away */
const fewEnds = 1000

export type Held = ReturnType<typeof createHeld>

export const createHeld = (log: Pick<Log, 'behind' | 'undone'>) => {
  let rows = new Map<string, Row>()
  /** rows as their leases began: those that were renewed since, or ended, are not in `rows` */
  const ends = createHeap<Row>((one, other) => one.deadline < other.deadline)
  let read = -1

  const current = (database: Database): typeof rows => {
    if (read === log.undone) return rows
    rows = readRows(database, log.behind)
    ends.fill(rows.values())
    read = log.undone
    return rows
  }

  return {
    /** @param database read only after something was undone, and at first */
    get: (database: Database, place: Place): Row | undefined => current(database).get(keyOf(place)),

    all: (database: Database): Row[] => [...current(database).values()],

    put: (row: Row): void => {
      rows.set(keyOf(row), row)
      ends.push(row)
      if (ends.size > fewEnds + 2 * rows.size) ends.fill(rows.values())
    },

    remove: (row: Row): void => {
      rows.delete(keyOf(row))
    },

    /** The lock whose lease ends first. */
    first: (database: Database): Row | undefined => {
      const known = current(database)
      for (let row = ends.first; row; row = ends.first) {
        if (known.get(keyOf(row)) === row) return row
        ends.pop()
      }
      return undefined
    },
  }
}
