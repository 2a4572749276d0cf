// This shell as a holder of locks: what it took with one command it gives back with another, and no other shell can.

import { processStart } from '../lib/process-start.ts'

/** The process that ran us, with the time it began: its number alone is another's one day. */
export const shellName = (): string => `shell ${process.ppid} (${processStart(process.ppid) ?? 'unknown'})`
