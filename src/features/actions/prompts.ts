// What runs ask of their callers. Only the connection that made a call hears what it asks, and only that one may answer.

import type { Peer } from '../../core/peer.ts'

type Asked = { readonly run: string; readonly peer: string; readonly settle: (value: unknown) => void }

export const createPrompts = () => {
  const open = new Map<string, Asked>()
  let count = 0

  return {
    /** Null when its caller cannot be asked, leaves, or the run ends before it answers. */
    ask: async (
      caller: Peer,
      { run, action, ask }: { run: string; action: string; ask: unknown },
    ): Promise<unknown> => {
      const id = `prm_${++count}`
      const { promise, resolve } = Promise.withResolvers<unknown>()
      open.set(id, { run, peer: caller.id, settle: resolve })
      const forget = caller.onEnd(() => resolve(null))
      try {
        if (!caller.tell?.({ prompt: id, run, action, ask })) return null
        return await promise
      } finally {
        forget()
        open.delete(id)
      }
    },

    /** False when nothing of that name waits for this peer. */
    reply: (peer: Peer, id: string, value: unknown): boolean => {
      const asked = open.get(id)
      if (!asked || asked.peer !== peer.id) return false
      open.delete(id)
      asked.settle(value ?? null)
      return true
    },

    /** The run is over: nobody waits for an answer. */
    dropOf: (run: string): void => {
      for (const asked of open.values()) if (asked.run === run) asked.settle(null)
    },
  }
}
