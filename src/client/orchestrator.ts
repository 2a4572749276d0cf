// The orchestrator daemon's client, under the names of its document: one connection for whoever asks, its events, and
// the sessions behind it.
//   const client = getDaemonClient()
//   await client.connect()
//   client.on('stream_chunk', ({ chunk }) => …)
//   await client.spawnSession({ orchestratorId: 'vp_123', task: 'Say hello' })

import { webLine } from './lines/web.ts'
import { clientsOver } from './orchestrator/clients.ts'
import type { WatchingClient } from './orchestrator/daemon-client.ts'

export type * from './orchestrator-types.ts'

export const getDaemonClient: (url?: string) => WatchingClient = clientsOver(webLine)
