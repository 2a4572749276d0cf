// What the daemon does for whom it should: jobs.

import { jobs } from './calls/jobs.ts'
import type { Suite } from './stage.ts'

export const calls: Suite = async (stage) => [...(await jobs(stage))]
