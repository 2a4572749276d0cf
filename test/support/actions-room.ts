// The actions room behind dispatch, with real processes, and the real clock unless a test moves another.

import type { SteadyClock } from '../../src/lib/steady-clock.ts'
import type { Params } from '../../src/protocol/api.ts'
import { PaidError } from '../../src/protocol/error.ts'
import { createPeer } from '../../src/core/peer.ts'
import { openEngine, temporaryFolder } from './engine.ts'

export const ann = createPeer('test:ann', 'admin')

export const openActionsRoom = (clocks: { steady?: SteadyClock } = {}) => {
  const folder = temporaryFolder()
  const engine = openEngine(folder.path, clocks)
  const { dispatch: call } = engine
  return {
    engine,
    call,
    folder: folder.path,
    add: (params: Params<'action.add'>) => call(ann, 'action.add', params),
    /** A command by its words, under a name of its own. */
    command: (name: string, command: string[], more: object = {}) =>
      call(ann, 'action.add', { name, kind: 'command', command, ...more }),
    run: (name: string, args?: unknown, more: object = {}) =>
      call(ann, 'action.run', { name, args, ...more }),
    /** What the log says of an action. */
    eventsOf: (name: string) =>
      engine.delivered
        .filter(({ channel, seq }) => channel === `action:${name}` && seq > 0)
        .map(({ type, data, by }) => ({ type, by, data })),
    /** The first event of an action that is of this type; it may have come already. */
    told: (name: string, type: string): Promise<void> =>
      new Promise((resolve) => {
        const isIt = (event: { channel: string; type: string }) =>
          event.channel === `action:${name}` && event.type === type
        if (engine.delivered.some(isIt)) resolve()
        engine.observers.push((events) => events.some(isIt) && resolve())
      }),
    [Symbol.asyncDispose]: async () => {
      await engine.end()
      folder[Symbol.dispose]()
    },
  }
}

/** What a call came to: its code and its message, where it failed. */
export const outcome = (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    (value) => value,
    (error: unknown) => (error instanceof PaidError ? { code: error.code, message: error.message } : error),
  )
