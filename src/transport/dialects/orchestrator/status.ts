// What the orchestrator daemon says of itself: every number is one that the daemon keeps.

import type { Totals } from '../../../protocol/sessions.ts'
import type { Status } from '../../../protocol/system.ts'
import { allTokens } from './session.ts'

export const daemonStatusOf = (
  { ready, uptimeMs, log }: Status,
  { spawned, running, queued, turns, failedTurns, busyMs, tokens }: Totals,
  now = Date.now(),
) => {
  const lastCheck = new Date(now).toISOString()
  const at = (works: boolean) => ({ status: works ? 'running' : 'error', lastCheck })
  return {
    status: !ready ? 'initializing' : log.writable ? 'running' : 'degraded',
    uptime: uptimeMs,
    activeSessions: running,
    queuedTasks: queued,
    metrics: {
      totalSessionsSpawned: spawned,
      totalTasksProcessed: turns,
      totalTokensUsed: allTokens(tokens),
      averageSessionDuration: spawned > 0 ? busyMs / spawned : 0,
      activeSessions: running,
      successRate: turns > 0 ? (turns - failedTurns) / turns : 1,
    },
    subsystems: {
      websocket: at(true),
      sessionManager: at(ready),
      memoryManager: at(log.writable),
      llmClient: at(ready),
      mcpRegistry: at(ready),
    },
  }
}
