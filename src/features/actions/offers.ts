// Actions that connected peers offer: who offers which, the calls that wait for their answers, and what is asked on the
// way. In memory alone, because all of it ends with its connection: a call that waits fails at once, and what was asked
// of a caller that is gone is answered with null.

import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import type { Peer } from '../../core/peer.ts'
import { type Outcome, RunFailed } from './outcome.ts'
import { createPrompts } from './prompts.ts'
import type { Place } from './store.ts'

export type Offer = Place & { readonly peer: Peer; readonly concurrency: number; readonly offeredAt: number }

/** One run of an offered action. */
type Open = {
  readonly offer: Offer
  /** who made it, when it wants to hear on its way */
  readonly caller: Peer | undefined
  readonly settle: (outcome: Outcome) => void
  readonly fail: (failure: Error) => void
}

export type Offers = ReturnType<typeof createOffers>

export const createOffers = () => {
  const offers = new Map<string, Offer>()
  const ofPeers = new Map<string, Set<string>>()
  const calls = new Map<string, Open>()
  const prompts = createPrompts()

  const gone = (peer: Peer): void => {
    for (const key of ofPeers.get(peer.id) ?? []) offers.delete(key)
    ofPeers.delete(peer.id)
    for (const { offer, fail } of calls.values())
      if (offer.peer.id === peer.id) fail(new RunFailed('gone', 'Whoever offered it is gone'))
  }

  /** A call that came to this peer and is not answered. */
  const callOf = (peer: Peer, run: string): Open => {
    const open = calls.get(run)
    if (!open || open.offer.peer.id !== peer.id)
      throw new PaidError(
        'not_found',
        `No call ${JSON.stringify(run.slice(0, 100))} waits for this connection`,
        'It may have been answered, cancelled, or have taken too long.',
      )
    return open
  }

  return {
    find: (place: Place): Offer | undefined => offers.get(keyOf(place)),

    /** Those of a namespace, in any order. */
    in: (namespace: string): Offer[] => [...offers.values()].filter((offer) => offer.namespace === namespace),

    /** All or none. Throws when another connection offers one of them, or this one too many. */
    offer: (peer: Peer, names: readonly string[], concurrency: number, offeredAt: number): number => {
      const { namespace } = peer
      if (!peer.tell)
        throw new PaidError(
          'no_stream',
          'This door has no connection that calls could come to',
          'Use paid.sock or a WebSocket.',
        )
      const places = names.map((name) => ({ namespace, name }))
      const other = places.find((place) => (offers.get(keyOf(place)) ?? { peer }).peer.id !== peer.id)
      if (other)
        throw new PaidError(
          'name_taken',
          `Another connection offers ${JSON.stringify(other.name)} already`,
          'Choose another name, or end that connection first.',
        )
      const known = ofPeers.get(peer.id)
      const keys = new Set([...(known ?? []), ...places.map(keyOf)])
      if (keys.size > limits.offersPerPeer)
        throw new PaidError('bad_request', `A connection offers at most ${limits.offersPerPeer} actions`)
      for (const place of places) offers.set(keyOf(place), { ...place, peer, concurrency, offeredAt })
      ofPeers.set(peer.id, keys)
      if (!known) peer.onEnd(() => gone(peer))
      return keys.size
    },

    withdraw: (peer: Peer, names: readonly string[]): number => {
      const own = ofPeers.get(peer.id)
      for (const name of names) {
        const key = keyOf({ namespace: peer.namespace, name })
        if (own?.delete(key)) offers.delete(key)
      }
      return own?.size ?? 0
    },

    /** Sends a call to who offers it, and waits for the answer. */
    call: async (
      offer: Offer,
      { run, args, by, cause }: { run: string; args: unknown; by: string; cause: string | undefined },
      caller: Peer | undefined,
      signal: AbortSignal,
    ): Promise<Outcome> => {
      const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
      const abort = (): void => {
        offer.peer.tell?.({ cancelled: run })
        reject(signal.reason)
      }
      calls.set(run, { offer, caller, settle: resolve, fail: reject })
      try {
        const frame = { call: run, action: offer.name, args, by, ...(cause !== undefined && { cause }) }
        if (offers.get(keyOf(offer)) !== offer || !offer.peer.tell?.(frame))
          throw new RunFailed('refused', 'Whoever offers it reads no calls at the moment', { code: 'busy' })
        signal.addEventListener('abort', abort, { once: true })
        if (signal.aborted) abort()
        return await promise
      } finally {
        signal.removeEventListener('abort', abort)
        calls.delete(run)
        prompts.dropOf(run)
      }
    },

    answer: (
      peer: Peer,
      run: string,
      answer: { result?: unknown; error?: string | { message: string } | undefined },
    ) => {
      const { settle, fail } = callOf(peer, run)
      const { error, result = null } = answer
      calls.delete(run)
      if (error === undefined) settle({ result })
      else
        fail(new RunFailed('thrown', typeof error === 'string' ? error : error.message, { hint: thrownHint }))
    },

    emit: (peer: Peer, run: string, data: unknown): boolean => {
      const { caller, offer } = callOf(peer, run)
      return caller?.tell?.({ emit: data, run, action: offer.name }) ?? false
    },

    prompt: async (peer: Peer, run: string, ask: unknown): Promise<unknown> => {
      const { caller, offer } = callOf(peer, run)
      return caller ? await prompts.ask(caller, { run, action: offer.name, ask }) : null
    },

    reply: (peer: Peer, prompt: string, value: unknown): void => {
      if (!prompts.reply(peer, prompt, value))
        throw new PaidError(
          'not_found',
          `No prompt ${JSON.stringify(prompt.slice(0, 100))} waits for this connection`,
          'It may have been answered, or its run is over.',
        )
    },
  }
}

const thrownHint = 'Its own program said so: look there.'

// \n cannot occur in a namespace or a name
export const keyOf = ({ namespace, name }: Place): string => `${namespace}\n${name}`
