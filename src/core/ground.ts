// What every room stands on: the log and who hears it, the clocks, and where faults are written down.

import type { Database } from 'bun:sqlite'
import type { Clock } from '../lib/clock.ts'
import type { SteadyClock } from '../lib/steady-clock.ts'
import type { Bus } from './bus.ts'
import type { Log } from './log.ts'
import type { Logger } from './logger.ts'

export type Ground = {
  readonly log: Log
  readonly bus: Bus
  /** the writing connection: looked into while nothing is asked */
  readonly database: Database
  readonly clock: Clock
  readonly steady: SteadyClock
  readonly logger: Logger
}
