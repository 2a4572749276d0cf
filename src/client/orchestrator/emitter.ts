// Who listens to the orchestrator's client, and to what.

import type { DaemonEvents } from '../orchestrator-types.ts'

export type Emitter = ReturnType<typeof createEmitter>

type Handlers = { [E in keyof DaemonEvents]?: Set<(...args: DaemonEvents[E]) => void> }

export const createEmitter = () => {
  const handlers: Handlers = {}

  const on = <E extends keyof DaemonEvents>(event: E, handler: (...args: DaemonEvents[E]) => void): void => {
    const listening: Set<(...args: DaemonEvents[E]) => void> = handlers[event] ?? new Set()
    listening.add(handler)
    handlers[event] = listening as Handlers[E]
  }

  const off = <E extends keyof DaemonEvents>(event: E, handler: (...args: DaemonEvents[E]) => void): void =>
    void handlers[event]?.delete(handler)

  /** What a handler throws is its program's business, and keeps nothing from the others. */
  const emit = <E extends keyof DaemonEvents>(event: E, ...args: DaemonEvents[E]): void => {
    for (const handler of Array.from(handlers[event] ?? []))
      try {
        handler(...args)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
  }

  return { on, off, emit }
}
