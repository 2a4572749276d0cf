// The archive: whether it can be read, is of a schema that this paid knows, and is whole as far as a moment's look tells.
// A running daemon may have it open or not; its own look at every byte is `paid archive verify`.

import { statSync } from 'node:fs'
import { formatBytes } from '../../lib/byte-size.ts'
import { archiveSchema } from '../../protocol/archive.ts'
import type { Facts } from './facts.ts'
import { failed, type Finding, ok } from './finding.ts'
import { damageIn, openUntraced } from './sqlite.ts'

const name = 'archive'
/** SQLite looks through about a gigabyte in a second; of a larger file the conversations themselves are left out */
const wholeBytes = 1e9
const smallTables = ['sessions', 'sources', 'messages', 'usages', 'changes'] as const
/** a daemon that writes while it is read makes another look necessary; not for ever */
const mostLooks = 3

export const checkArchive = ({ paths: { archive } }: Facts): Finding[] => {
  for (let looks = 1; ; looks++) {
    const before = stampOf(archive)
    if (before === '') return [ok(name, 'none yet')]
    const finding = lookAt(archive)
    if (finding.state === 'ok' || stampOf(archive) === before) return [finding]
    if (looks === mostLooks) return [ok(name, `${sizeOf(archive)}, being written right now`)]
  }
}

const lookAt = (path: string): Finding => {
  try {
    using database = openUntraced(path)
    const schema =
      database.query<{ user_version: number }, []>('PRAGMA user_version').get()?.user_version ?? 0
    if (schema > archiveSchema)
      return failed(
        name,
        `has schema ${schema}; this paid knows schema ${archiveSchema}`,
        'Use the newer paid that wrote it.',
      )
    const facts = `${sizeOf(path)}, schema ${schema}`
    if (schema === 0) return ok(name, `${facts}: nothing is kept yet`)
    const isLarge = statSync(path).size > wholeBytes
    const damage = damageIn(database, isLarge ? smallTables : undefined)
    if (damage.length > 0) return damaged(damage.join('; '))
    return ok(name, `${facts}, ${isLarge ? 'its lists are whole (all of it: paid archive verify)' : 'whole'}`)
  } catch (error) {
    return damaged(error instanceof Error ? error.message : String(error))
  }
}

const damaged = (why: string): Finding =>
  failed(
    name,
    `cannot be relied on: ${why}`,
    'Stop the daemon, move archive.db and archive.db-wal away, and fill a new one: paid import',
  )

const sizeOf = (path: string): string => formatBytes(statSync(path).size)

/** Another with every change of the file; empty without one. */
const stampOf = (path: string): string =>
  [path, `${path}-wal`]
    .map((each) => statSync(each, { throwIfNoEntry: false }))
    .map((found) => (found ? `${found.ino} ${found.size} ${found.mtimeMs}` : ''))
    .join(' ')
    .trim()
