// The locks that are held, in memory beside their table: what a call looks at costs no query. Each row is written to
// the table in the same transaction; when one comes to nothing, all is read again from what is on disk. It also knows
// which lease ends next.

import type { Database } from 'bun:sqlite'
import { createHeap } from '../../lib/heap.ts'
import type { Place, Row } from './leases.ts'

/** beyond this and twice the locks that are held, what waits for the end of an old lease is cleared away */
const fewEnds = 1000

export type Held = ReturnType<typeof createHeld>

/** @param undone how often something that was written was taken back */
export const createHeld = (undone: () => number) => {
  const rows = new Map<string, Row>()
  /** rows as they were when their leases began: those since renewed, or ended, are no more in `rows` */
  const ends = createHeap<Row>((one, other) => one.deadline < other.deadline)
  let read = -1

  const readAgain = (database: Database): void => {
    rows.clear()
    for (const row of database.query<Row, []>('SELECT * FROM locks').all()) rows.set(keyOf(row), row)
    ends.fill(rows.values())
    read = undone()
  }

  const current = (database: Database): void => {
    if (read !== undone()) readAgain(database)
  }

  const isHeld = (row: Row): boolean => rows.get(keyOf(row)) === row

  return {
    readAgain,

    get: (database: Database, place: Place): Row | undefined => {
      current(database)
      return rows.get(keyOf(place))
    },

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
      current(database)
      for (;;) {
        const row = ends.first
        if (!row || isHeld(row)) return row
        ends.pop()
      }
    },
  }
}

// \n cannot occur in a namespace or a name
export const keyOf = ({ namespace, name }: Place): string => `${namespace}\n${name}`
