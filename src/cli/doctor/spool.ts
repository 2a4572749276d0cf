// The spool: what hooks left there while nobody answered, and what was lost or refused.

import { readdirSync } from 'node:fs'
import { formatDuration } from '../../lib/duration.ts'
import { spoolAt } from '../../lib/spool.ts'
import { limits } from '../../protocol/limits.ts'
import type { Facts } from './facts.ts'
import { type Finding, ok, warning } from './finding.ts'

const name = 'spool'
/** a running daemon looks twice a second */
const overdueMs = 5000

export const checkSpool = ({ paths, status }: Facts): Finding[] => {
  const spool = spoolAt(paths.spool, limits.spoolBytes)
  const files = spool.list()
  const wrong: Finding[] = []
  const [oldest] = files
  const waited = Date.now() - (oldest?.occurredAt ?? Infinity)
  if (oldest && status && waited > overdueMs)
    wrong.push(
      warning(
        name,
        `${files.length} waiting, the oldest for ${formatDuration(waited)}: the daemon does not take them in`,
        'See `paid logs` for the reason.',
      ),
    )
  if (oldest && !status)
    wrong.push(warning(name, `${files.length} waiting for a daemon`, 'Have them taken in: paid start'))
  const dropped = spool.dropped()
  if (dropped > 0)
    wrong.push(
      warning(
        name,
        `${dropped} were dropped, as it was full`,
        `Let the daemon run; \`rm ${paths.spool}/dropped\` counts anew.`,
      ),
    )
  const refused = refusedIn(paths.spool)
  if (refused > 0)
    wrong.push(
      warning(
        name,
        `${refused} could not be taken in and were put aside`,
        `Look at ${paths.spool}/refused-*, then remove them.`,
      ),
    )
  if (wrong.length > 0) return wrong
  return [ok(name, files.length === 0 ? 'empty' : `${files.length} being taken in`)]
}

const refusedIn = (folder: string): number => {
  try {
    return readdirSync(folder).filter((file) => file.startsWith('refused-')).length
  } catch {
    return 0
  }
}
