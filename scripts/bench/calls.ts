// What the daemon does for whom it should: actions, jobs and webhooks.

import { commandAction } from './calls/command-action.ts'
import { dribbled } from './calls/dribbled.ts'
import { jobs } from './calls/jobs.ts'
import { webhook } from './calls/webhook.ts'
import type { Suite } from './stage.ts'

export const calls: Suite = async (stage) => [
  ...(await commandAction(stage)),
  ...(await jobs(stage)),
  ...(await webhook(stage)),
  ...(await dribbled(stage)),
]
