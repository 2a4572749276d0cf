// An agent comes in by a WebSocket, with the token of its login where others show the daemon's own. What is wrong with a
// token is said in the orchestrator daemon's words; whoever guesses waits after a while.

import { type ErrorCode, PaidError } from '../../../protocol/error.ts'
import { asPaidError } from '../../../core/dispatch.ts'
import { createPeer, endPeer, type Peer } from '../../../core/peer.ts'
import { flawOf, isTokenLike, tokenWords } from '../../dialects/orchestrator/refusals.ts'
import type { House } from '../route.ts'

/** An agent on its WebSocket, for as long as its login lasts. */
export type Guest = {
  name: string
  /** Calls when the login is over, with whether its time was. */
  onOver: (call: (expired: boolean) => void) => void
  /** The WebSocket is closed. */
  end: () => void
}

/** Rejects with what is said of the token: `unauthorized`, `insufficient_scope`, `too_many_requests`. */
export type Enter = (token: string, address: string) => Promise<Guest>

/** As whom it calls: no listener's callers go by such a name. */
export const agentPeer = ({ name }: Guest): Peer => createPeer(`ws:key/${name}`, 'write')

const guesses = new Set<ErrorCode>(['bad_token', 'wrong_token', 'token_revoked'])

/** Whether it may be the token of a login. */
export { isTokenLike }

export const createEntering =
  ({ dispatch, attempts, logger }: Pick<House, 'dispatch' | 'attempts' | 'logger'>): Enter =>
  async (token, address) => {
    let over = (): void => {}
    const peer = createPeer('http:agent', 'write', '', {
      blocked: false,
      empty: () => Promise.resolve(),
      send: () => {},
      lagged: () => {},
      over: () => over(),
    })
    const refused = (code: ErrorCode, words: string): PaidError => {
      endPeer(peer)
      if (!guesses.has(code)) return new PaidError(code === 'token_expired' ? 'unauthorized' : code, words)
      const wait = attempts.failed(address)
      return wait === undefined ? new PaidError('unauthorized', words) : new PaidError('too_many_requests')
    }
    const flaw = flawOf(token)
    if (flaw !== undefined) throw refused('bad_token', flaw)
    try {
      const { name, expiresAt } = await dispatch(peer, 'agent.enter', { token })
      let isOver = false
      let told = (_expired: boolean): void => {}
      // the clock that ends it and the one that is looked at may be a moment apart
      const tell = (): void => told(Date.now() + 1000 >= expiresAt)
      over = () => {
        isOver = true
        tell()
      }
      return {
        name,
        onOver: (call) => {
          told = call
          if (isOver) tell()
        },
        end: () => endPeer(peer),
      }
    } catch (thrown) {
      const { code, message } = asPaidError(thrown, logger, 'an agent that comes in')
      throw refused(code, tokenWords[code] ?? message)
    }
  }
