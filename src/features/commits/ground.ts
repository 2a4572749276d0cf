// What the commits room stands on.

import type { ArchiveClient } from '../../archive/calls.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Logger } from '../../core/logger.ts'

/** As configured. */
export type Keeping = {
  readonly writePrompts: 'always' | 'never' | 'repo'
  readonly gitNotes: boolean
  /** what the user's own files leave out */
  readonly umask: number
}

export type CommitsGround = {
  log: Log
  archive: ArchiveClient
  clock: Clock
  logger: Logger
  keeping: Keeping
  /** whether transcripts are kept */
  live: boolean
  /** where Claude Code keeps its transcripts, for a session that no hook told of */
  claudeFolder: string | undefined
}
