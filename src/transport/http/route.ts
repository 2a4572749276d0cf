// What the paths of an HTTP door have in common: what a route gets, and what it needs of the daemon.

import type { IsExcluded } from '../../lib/exclude.ts'
import type { ListenerDialect } from '../../listener.ts'
import type { Dispatch } from '../../core/dispatch.ts'
import type { Logger } from '../../core/logger.ts'
import type { Peer } from '../../core/peer.ts'
import type { Attempts } from './attempts.ts'
import type { WebhookRates } from './webhook-rates.ts'

/** What a route gets besides the request. */
export type Visit = {
  peer: Peer
  hookPeer: Peer
  /** whose words the listener speaks where two old systems differ */
  dialect: ListenerDialect
  /** the query, undecoded */
  search: string
  /** takes off the limit on quiet connections */
  keepOpen: () => void
}

/** What the routes need of the daemon. */
export type House = {
  dispatch: Dispatch
  logger: Logger
  version: string
  buildTime: string
  startedAt: number
  maxBody: number
  /** files whose contents are not to be kept */
  isExcluded: IsExcluded
  rates: WebhookRates
  /** of whoever comes as an agent */
  attempts: Attempts
  ready: () => boolean
  webSockets: () => number
  onLagged: () => void
  /** keeps count of open streams, and ends them at stop */
  streams: Set<() => void>
}

export type Handler = (request: Request, visit: Visit, parameter: string) => Response | Promise<Response>
export type Methods = Partial<Record<'GET' | 'POST' | 'DELETE', Handler>>
/** paths of other files, with their handlers */
export type Paths = Readonly<Record<string, Methods>>
