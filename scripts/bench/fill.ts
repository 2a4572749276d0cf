// Fills a home's database with events, by the daemon's own code: 500 events to a session, a dozen types that every
// session has, and one rare type that is spread evenly over the whole log.

import { systemClock } from '../../src/lib/clock.ts'
import { openDatabase, openReader } from '../../src/core/database.ts'
import { createLog } from '../../src/core/log.ts'
import { createHeard } from '../../src/features/sessions/heard.ts'
import { publishParams } from './requests.ts'

export const denseType = 'PostToolUse'
export const rareType = 'PermissionRequest'
/** as many in a small log as in a large one: enough for a page */
const rareEvents = 200

const eventsOfSession = 500
const commonTypes =
  'PreToolUse PostToolUse PostToolUse PreToolUse MessageDisplay PostToolBatch Stop UserPromptSubmit SubagentStart SubagentStop Notification SessionStart SessionEnd'.split(
    ' ',
  )
const atOnce = 2000

const silent = () => undefined
const logger = { debug: silent, info: silent, warn: silent, error: silent }

/** The daemon of that home must not run. */
export const fill = async (database: string, events: number): Promise<void> => {
  const mask = process.umask(0o077)
  const writer = openDatabase(database)
  const reader = openReader(database)
  process.umask(mask)
  const log = createLog({ database: writer, reader, clock: systemClock, logger, deliver: silent })
  createHeard({ log })
  const dataText = JSON.stringify(publishParams.data)
  const rareEvery = Math.max(2, Math.floor(events / rareEvents))
  for (let from = 0; from < events; from += atOnce) {
    await log.commit(({ append }) => {
      for (let n = from; n < Math.min(events, from + atOnce); n++) {
        const type = n % rareEvery === 0 ? rareType : (commonTypes[n % commonTypes.length] ?? denseType)
        // sessions run side by side, as they do
        const session = Math.floor(n / (4 * eventsOfSession)) * 4 + (n % 4)
        append({ namespace: '', channel: `session:bench-${session}`, type, by: 'hook:claude', dataText })
      }
    })
  }
  log.close()
  writer.run('PRAGMA wal_checkpoint(TRUNCATE)')
  reader.close()
  writer.close()
}
