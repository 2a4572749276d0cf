// What the orchestrator daemon says of itself: every number is one that the daemon keeps.

import type { Status } from '../../../protocol/system.ts'

export const statusOf = ({ ready, uptimeMs, log }: Status, now = Date.now()) => {
  const lastCheck = new Date(now).toISOString()
  const at = (works: boolean) => ({ status: works ? 'running' : 'error', lastCheck })
  return {
    status: !ready ? 'initializing' : log.writable ? 'running' : 'degraded',
    uptime: uptimeMs,
    activeSessions: 0,
    queuedTasks: 0,
    metrics: {
      totalSessionsSpawned: 0,
      totalTasksProcessed: 0,
      totalTokensUsed: 0,
      averageSessionDuration: 0,
      activeSessions: 0,
      successRate: 1,
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
