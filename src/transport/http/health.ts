// `GET /health` in the words of each dialect; whichever, it says that the process lives and tells no secret.

import type { ListenerDialect } from '../../listener.ts'

export const healthIn = (
  dialect: ListenerDialect,
  { version, startedAt }: { version: string; startedAt: number },
): string => {
  if (dialect === 'orchestrator')
    return JSON.stringify({ status: 'healthy', timestamp: new Date().toISOString() })
  const uptime = (Date.now() - startedAt) / 1000
  if (dialect === 'happy') return JSON.stringify({ status: 'ok', pid: process.pid, version, uptime })
  return JSON.stringify({ status: 'ok', version, uptime })
}
