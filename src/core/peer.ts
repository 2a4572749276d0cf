// Whoever calls: a socket, a browser tab, a hook, the daemon itself. It has a name, a namespace, a scope and an end.

import type { TellFrame } from '../protocol/frame.ts'
import type { Access } from '../protocol/method.ts'
import type { Stream, Subscription } from './subscription.ts'

export type Tell = (frame: TellFrame) => boolean

export type Peer = {
  /** of this peer alone, for ever: no other has it, nor one after a restart */
  readonly id: string
  /** `<door>:<name>`, what events say in `by` and what once-only keys are kept under; a claimed name ends in `?` */
  readonly by: string
  readonly namespace: string
  readonly scope: Access
  /** what it acts upon, as `rule:<name>/evt_<seq>`: events that it posts say so in `origin.cause` */
  readonly cause?: string
  /** where events can be sent; absent on a door that only answers */
  readonly stream?: Stream
  /** Sends it a frame that answers nothing; false, and nothing was sent, when its reader is behind. As `stream`. */
  readonly tell?: Tell
  readonly subscriptions: Map<string, Subscription>
  /** Has something done when the peer ends, at once if it has; gives back what calls it off. */
  readonly onEnd: (call: () => void) => () => void
  readonly end: () => void
}

/** What the events of a caller's doing say of what it acts upon, so that no rule runs in a ring. */
export const withCause = ({ cause }: Pick<Peer, 'cause'>): { cause?: string } =>
  cause === undefined ? {} : { cause }

const rank: Record<Access, number> = { read: 0, write: 1, admin: 2 }

export const mayCall = (peer: Peer, access: Access): boolean => rank[peer.scope] >= rank[access]

const run = crypto.randomUUID().slice(0, 8)
let peers = 0

/** A peer that only asks. */
export const createPeer = (
  by: string,
  scope: Access,
  namespace = '',
  stream?: Stream,
  cause?: string,
): Peer => {
  const atEnd = new Set<() => void>()
  let ended = false
  return {
    id: `${run}-${++peers}`,
    by,
    scope,
    namespace,
    subscriptions: new Map(),
    ...(stream && { stream }),
    ...(cause !== undefined && { cause }),
    onEnd: (call) => {
      if (ended) call()
      else atEnd.add(call)
      return () => atEnd.delete(call)
    },
    end: () => {
      ended = true
      const calls = [...atEnd]
      atEnd.clear()
      for (const call of calls) call()
    },
  }
}

/** Its connection is gone: everything it held on it is released. */
export const endPeer = (peer: Peer): void => {
  for (const subscription of peer.subscriptions.values()) subscription.close()
  peer.subscriptions.clear()
  peer.end()
}
