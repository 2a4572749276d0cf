// Whoever calls: a socket, a browser tab, a hook, the daemon itself. It has a name, a namespace, a scope and an end.

import type { Access } from '../protocol/method.ts'
import type { Stream, Subscription } from './subscription.ts'

export type Peer = {
  /** `<door>:<name>`, what events say in `by` and what once-only keys are kept under; a claimed name ends in `?` */
  readonly by: string
  readonly namespace: string
  readonly scope: Access
  /** where events can be sent; absent on a door that only answers */
  readonly stream?: Stream
  readonly subscriptions: Map<string, Subscription>
}

const rank: Record<Access, number> = { read: 0, write: 1, admin: 2 }

export const mayCall = (peer: Peer, access: Access): boolean => rank[peer.scope] >= rank[access]

/** A peer that only asks. */
export const createPeer = (by: string, scope: Access, namespace = '', stream?: Stream): Peer => ({
  by,
  scope,
  namespace,
  subscriptions: new Map(),
  ...(stream && { stream }),
})

/** Its connection is gone: everything it held on it is released. */
export const endPeer = (peer: Peer): void => {
  for (const subscription of peer.subscriptions.values()) subscription.close()
  peer.subscriptions.clear()
}
