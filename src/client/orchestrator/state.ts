// What is known of the daemon and its sessions, as one value that is replaced whenever it changes.

import type { DaemonStatus, Session } from '../orchestrator-types.ts'
import type { Emitter } from './emitter.ts'

export type State = {
  connected: boolean
  connecting: boolean
  error: Error | null
  daemonStatus: DaemonStatus | null
  sessions: Session[]
  reconnectAttempts: number
}

/** Before anything is known. */
export const emptyState: State = {
  connected: false,
  connecting: false,
  error: null,
  daemonStatus: null,
  sessions: [],
  reconnectAttempts: 0,
}

export const createState = (on: Emitter['on']) => {
  let state = emptyState
  const readers = new Set<() => void>()
  const change = (changes: Partial<State>): void => {
    state = { ...state, ...changes }
    for (const read of readers) read()
  }
  const keep = (session: Session): void => {
    const known = state.sessions.some(({ id }) => id === session.id)
    change({
      sessions: known
        ? state.sessions.map((each) => (each.id === session.id ? session : each))
        : [...state.sessions, session],
    })
  }

  on('connected', () => change({ connected: true, connecting: false, error: null, reconnectAttempts: 0 }))
  on('disconnected', () => change({ connected: false, connecting: false }))
  on('reconnecting', (attempt) => change({ reconnectAttempts: attempt }))
  on('error', (error) => change({ connecting: false, error }))
  on('session_spawned', keep)
  on('session_updated', keep)
  on('daemon_status', (daemonStatus) => change({ daemonStatus }))

  return {
    current: (): State => state,
    /** Calls after each change; gives back what ends that. */
    subscribe: (read: () => void): (() => void) => {
      readers.add(read)
      return () => void readers.delete(read)
    },
    connecting: (): void => change({ connecting: true }),
    drop: (sessionId: string): void =>
      change({ sessions: state.sessions.filter(({ id }) => id !== sessionId) }),
    clear: (): void => change({ connecting: false, sessions: [], reconnectAttempts: 0 }),
  }
}
