// The orchestrator daemon's hooks for React, under the names of its document.

import { getDaemonClient } from './orchestrator.ts'
import { hooksOver } from './react/hooks.ts'

export type * from './react-types.ts'

export const { useDaemon, useSessionMonitor } = hooksOver(getDaemonClient)
