// The orchestrator daemon's client in a browser, over the browser's own WebSocket.

import { webSocketLine } from './lines/websocket.ts'
import { clientsOver } from './orchestrator/clients.ts'
import type { WatchingClient } from './orchestrator/daemon-client.ts'

export type * from './orchestrator-types.ts'

export const getDaemonClient: (url?: string) => WatchingClient = clientsOver(webSocketLine)
