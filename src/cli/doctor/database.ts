// The database: what the running daemon says of it; else a look of our own that leaves no trace.

import { existsSync } from 'node:fs'
import { isLocked } from '../../lib/file-lock.ts'
import type { Facts } from './facts.ts'
import { failed, type Finding, ok, warning } from './finding.ts'
import { damageIn, openUntraced } from './sqlite.ts'

const name = 'database'
const damagedAdvice =
  'Copy paid.db and paid.db-wal away first; then `sqlite3 paid.db .recover` saves what can be saved.'

export const checkDatabase = ({ paths, held, status }: Facts): Finding[] => {
  if (status) return judgeStatus(status.log)
  // A daemon that holds it and does not answer may be at work on it.
  if (held) return []
  if (!existsSync(paths.database)) return [ok(name, 'none yet')]
  const damage = damageOf(paths.database)
  if (damage.length === 0) return [ok(name, 'whole')]
  // One that began meanwhile wrote under our eyes.
  if (isLocked(paths.lock)) return [ok(name, 'a daemon has just started on it')]
  return [failed(name, `damaged: ${damage.join('; ')}`, damagedAdvice)]
}

type Judged = { writable: boolean; check: 'none' | 'running' | 'ok' | 'damaged'; lostGroups: number }

const judgeStatus = ({ writable, check, lostGroups }: Judged): Finding[] => {
  const wrong: Finding[] = []
  if (check === 'damaged') wrong.push(failed(name, 'damaged', `See \`paid logs\`. ${damagedAdvice}`))
  if (!writable)
    wrong.push(
      failed(
        name,
        'cannot be written: events are refused',
        'Make room on its disk; the daemon goes on by itself.',
      ),
    )
  else if (lostGroups > 0)
    wrong.push(
      warning(
        name,
        `could not be written ${lostGroups} times since the start; it can now`,
        'Those who posted were told. See to the disk: paid logs',
      ),
    )
  if (wrong.length > 0) return wrong
  return [
    ok(
      name,
      check === 'running' ? 'can be written; being looked over after an unclean stop' : 'can be written',
    ),
  ]
}

const damageOf = (path: string): string[] => {
  try {
    using database = openUntraced(path)
    return damageIn(database)
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}
