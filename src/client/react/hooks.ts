// The hooks: a component's view of the one client, and its handlers on the client's events.

import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import type { DaemonEvents } from '../orchestrator-types.ts'
import type { WatchingClient } from '../orchestrator/daemon-client.ts'
import { emptyState, type State } from '../orchestrator/state.ts'
import type { DaemonHandlers, UseDaemon, UseSessionMonitor } from '../react-types.ts'

/** Where a page is made before it is shown nothing is known, and nobody connects. */
const empty = (): State => emptyState

const useClientState = ({ state }: WatchingClient): State =>
  useSyncExternalStore(state.subscribe, state.current, empty)

const useConnection = (client: WatchingClient, wanted: boolean): void =>
  useEffect(() => {
    if (!wanted || client.isConnected()) return
    // what went wrong is told as an event
    client.connect().catch(() => {})
  }, [client, wanted])

/** The handlers of the last rendering hear, so that new ones are no new listeners. */
const useHandlers = (client: WatchingClient, handlers: DaemonHandlers | undefined, only?: string): void => {
  const latest = useRef(handlers)
  useEffect(() => {
    latest.current = handlers
  })
  useEffect(() => {
    const ends: (() => void)[] = []
    const hear = <E extends keyof DaemonEvents>(
      event: E,
      sessionOf: (args: DaemonEvents[E]) => string,
      handlerOf: (handlers: DaemonHandlers) => ((...args: DaemonEvents[E]) => void) | undefined,
    ): void => {
      const handle = (...args: DaemonEvents[E]): void => {
        if (only === undefined || sessionOf(args) === only) handlerOf(latest.current ?? {})?.(...args)
      }
      client.on(event, handle)
      ends.push(() => client.off(event, handle))
    }
    hear(
      'stream_start',
      ([id]) => id,
      ({ onStreamStart }) => onStreamStart,
    )
    hear(
      'stream_chunk',
      ([{ sessionId }]) => sessionId,
      ({ onStreamChunk }) => onStreamChunk,
    )
    hear(
      'stream_end',
      ([id]) => id,
      ({ onStreamEnd }) => onStreamEnd,
    )
    hear(
      'tool_call_start',
      ([{ sessionId }]) => sessionId,
      ({ onToolCallStart }) => onToolCallStart,
    )
    hear(
      'tool_call_result',
      ([{ sessionId }]) => sessionId,
      ({ onToolCallResult }) => onToolCallResult,
    )
    hear(
      'task_executing',
      ([id]) => id,
      ({ onTaskExecuting }) => onTaskExecuting,
    )
    hear(
      'task_completed',
      ([id]) => id,
      ({ onTaskCompleted }) => onTaskCompleted,
    )
    hear(
      'task_failed',
      ([id]) => id,
      ({ onTaskFailed }) => onTaskFailed,
    )
    hear(
      'session_spawned',
      ([{ id }]) => id,
      ({ onSessionSpawned }) => onSessionSpawned,
    )
    hear(
      'session_updated',
      ([{ id }]) => id,
      ({ onSessionUpdated }) => onSessionUpdated,
    )
    return () => {
      for (const end of ends) end()
    }
  }, [client, only])
}

export const hooksOver = (clientAt: (url?: string) => WatchingClient) => {
  const useDaemon: UseDaemon = ({ autoConnect = false, url, handlers } = {}) => {
    const client = clientAt(url)
    const state = useClientState(client)
    useHandlers(client, handlers)
    useConnection(client, autoConnect)
    const { sessions } = state
    const getSession = useCallback((id: string) => sessions.find((each) => each.id === id), [sessions])
    return useMemo(() => {
      const { connect, disconnect, spawnSession, executeTask } = client
      const { getSessionStatus, getDaemonStatus, stopSession } = client
      return {
        ...state,
        connect,
        disconnect,
        spawnSession,
        executeTask,
        getSessionStatus,
        getDaemonStatus,
        stopSession,
        getSession,
      }
    }, [client, state, getSession])
  }

  const useSessionMonitor: UseSessionMonitor = (sessionId, handlers) => {
    const client = clientAt()
    const { sessions, connected } = useClientState(client)
    useHandlers(client, handlers, sessionId)
    useConnection(client, true)
    useEffect(() => client.watch(sessionId), [client, sessionId])
    const subscribe = useCallback(
      (read: () => void) => {
        client.on('stream_start', read)
        client.on('stream_chunk', read)
        return () => {
          client.off('stream_start', read)
          client.off('stream_chunk', read)
        }
      },
      [client],
    )
    const streamOutput = useSyncExternalStore(
      subscribe,
      () => client.outputOf(sessionId),
      () => '',
    )
    return { session: sessions.find(({ id }) => id === sessionId), streamOutput, connected }
  }

  return { useDaemon, useSessionMonitor }
}
