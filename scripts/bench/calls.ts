// What the daemon does for whom it should: webhooks.

import { dribbled } from './calls/dribbled.ts'
import { webhook } from './calls/webhook.ts'
import type { Suite } from './stage.ts'

export const calls: Suite = async (stage) => [...(await webhook(stage)), ...(await dribbled(stage))]
