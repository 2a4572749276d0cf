// The hooks for React in a browser.

import { getDaemonClient } from './orchestrator-browser.ts'
import { hooksOver } from './react/hooks.ts'

export type * from './react-types.ts'

export const { useDaemon, useSessionMonitor } = hooksOver(getDaemonClient)
