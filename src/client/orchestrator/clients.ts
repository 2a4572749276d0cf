// The clients of one program: one for each daemon, whoever asks.

import { withHeartbeat } from '../lines/heartbeat.ts'
import type { Open } from '../line.ts'
import { createDaemonClient, type WatchingClient } from './daemon-client.ts'

/** A bundler writes the value in place of the name; elsewhere there may be no environment at all. */
const configured = (): string | undefined => {
  try {
    return process.env.NEXT_PUBLIC_DAEMON_WS_URL
  } catch {
    return undefined
  }
}

const usual = 'ws://localhost:8787'

/** @param lineTo how to reach an address from here */
export const clientsOver = (lineTo: (url: string, token: string | undefined) => Open) => {
  const clients = new Map<string, WatchingClient>()
  let first: WatchingClient | undefined

  return (url?: string): WatchingClient => {
    if (url === undefined && first) return first
    const address = url ?? (configured() || usual)
    let client = clients.get(address)
    if (!client) clients.set(address, (client = createDaemonClient(withHeartbeat(openAt(lineTo, address)))))
    if (url !== undefined) first ??= client
    return client
  }
}

/** Also what is no address is refused by connecting, not by asking for the client. */
const openAt = (lineTo: (url: string, token: string | undefined) => Open, address: string): Open => {
  const token = URL.canParse(address) ? (new URL(address).searchParams.get('token') ?? undefined) : undefined
  return (hearing) => lineTo(address, token)(hearing)
}
