// The rules room behind dispatch, with clocks that a test moves: one for each test, and what may be asked of it.

import { afterEach, beforeEach } from 'bun:test'
import type { Params } from '../../src/protocol/api.ts'
import { type Engine, openEngine, temporaryFolder } from './engine.ts'
import { caller, settled } from './locks-room.ts'
import { createMovedClocks } from './moved-clocks.ts'

export const me = caller('me')

/** Made anew for each test of the file that asks for it. */
export const roomForEach = () => {
  let folder: ReturnType<typeof temporaryFolder>
  let clocks: ReturnType<typeof createMovedClocks>
  let engine: Engine

  const start = (): void => {
    engine = openEngine(folder.path, { clock: clocks.clock, steady: clocks.process() })
  }
  beforeEach(() => {
    folder = temporaryFolder()
    clocks = createMovedClocks()
    start()
  })
  afterEach(() => {
    engine.close()
    folder[Symbol.dispose]()
  })

  /** All is quiet: every rule has dealt with what there is, or waits. */
  const quiet = async (): Promise<void> => {
    for (let n = 0; n < 3;) {
      await settled(engine)
      const { rules } = await engine.dispatch(me, 'rule.list', {})
      n = rules.some(({ state }) => state === 'running') ? 0 : n + 1
    }
  }

  const posted = (channel: string) =>
    engine.delivered.filter((event) => event.channel === channel && event.seq > 0)

  return {
    get engine() {
      return engine
    },
    quiet,
    posted,
    pass: (ms: number) => clocks.pass(ms, quiet),
    /** As after a restart. */
    again: () => {
      engine.close()
      start()
    },
    add: (rule: Omit<Params<'rule.add'>, 'name'> & { name?: string }) =>
      engine.dispatch(me, 'rule.add', { name: 'tell', ...rule }),
    publishes: (name: string, channel: string) =>
      engine.dispatch(me, 'action.add', { name, kind: 'publish', channel }),
    post: (
      type: string,
      data: unknown = {},
      more: { channel?: string; origin?: Record<string, unknown> } = {},
    ) => engine.dispatch(me, 'event.publish', { channel: 'events', type, data, ...more }),
    told: (name: string) => posted(`rule:${name}`).map(({ type, by, data }) => ({ type, by, data })),
    ruleOf: async (name = 'tell') => {
      const { rule } = await engine.dispatch(me, 'rule.get', { name })
      if (!rule) throw new Error(`there is no rule ${name}`)
      return rule
    },
  }
}
