// The client in a browser: a WebSocket to the daemon that served the page, or to the one at `url`.

import { PaidError } from '../protocol/error.ts'
import { createClient } from './client.ts'
import { withHeartbeat } from './lines/heartbeat.ts'
import { webSocketLine } from './lines/websocket.ts'
import type { ConnectWeb } from './types.ts'

export type * from './types.ts'
export { PaidError }

/** Throws `not_running` when no daemon answers, and its own refusal when it does not let us in. */
export const connect: ConnectWeb = async (options = {}) =>
  await createClient(withHeartbeat(webSocketLine(options.url ?? ownOrigin(), options.token)), options)

const ownOrigin = (): string => {
  const location: unknown = Reflect.get(globalThis, 'location')
  if (typeof location === 'object' && location !== null && 'origin' in location)
    return String(location.origin)
  throw new PaidError('bad_request', 'Outside a page there is no own daemon', 'Give its address as `url`.')
}
