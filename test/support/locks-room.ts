// The locks room behind dispatch, with clocks that a test moves, and callers that may hold locks on their connection.

import { PaidError } from '../../src/protocol/error.ts'
import { createPeer, type Peer } from '../../src/core/peer.ts'
import type { Stream } from '../../src/core/subscription.ts'
import { type Engine, openEngine, temporaryFolder } from './engine.ts'
import { createMovedClocks } from './moved-clocks.ts'

const silent: Stream = { blocked: false, empty: async () => {}, send: () => {}, lagged: () => {} }
export const caller = (name: string, namespace = ''): Peer =>
  createPeer(`test:${name}`, 'admin', namespace, silent)

export const openRoom = () => {
  const folder = temporaryFolder()
  const clocks = createMovedClocks()
  const engine = openEngine(folder.path, { clock: clocks.clock, steady: clocks.process() })
  return {
    engine,
    clocks,
    folder,
    call: engine.dispatch,
    /** Time passes; what that wakes is done. */
    pass: (ms: number) => clocks.pass(ms, () => settled(engine)),
    [Symbol.dispose]: () => {
      engine.close()
      folder[Symbol.dispose]()
    },
  }
}

export const settled = async (engine: Engine): Promise<void> => {
  await engine.log.read(() => undefined)
  await new Promise((resolve) => setImmediate(resolve))
  await engine.log.read(() => undefined)
}

export const refusal = (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    (value) => value,
    (error: unknown) => (error instanceof PaidError ? error.code : error),
  )

export const eventsOf = ({ delivered }: Engine, name: string) =>
  delivered
    .filter(({ channel, seq }) => channel === `lock:${name}` && seq > 0)
    .map(({ type, data, by, seq }) => ({ type, by, seq, data }))
