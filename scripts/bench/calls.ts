// What the daemon does for whom it should: actions.

import { commandAction } from './calls/command-action.ts'
import type { Suite } from './stage.ts'

export const calls: Suite = async (stage) => [...(await commandAction(stage))]
