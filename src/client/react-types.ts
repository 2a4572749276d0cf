// What a component sees of the hooks, as the orchestrator daemon's document has it: types alone, shipped as they stand
// here.

import type { DaemonClient, DaemonEvents, DaemonStatus, Session } from './orchestrator-types.ts'

export type * from './orchestrator-types.ts'

type Handler<E extends keyof DaemonEvents> = (...args: DaemonEvents[E]) => void

export type DaemonHandlers = {
  onStreamStart?: Handler<'stream_start'>
  onStreamChunk?: Handler<'stream_chunk'>
  onStreamEnd?: Handler<'stream_end'>
  onToolCallStart?: Handler<'tool_call_start'>
  onToolCallResult?: Handler<'tool_call_result'>
  onTaskExecuting?: Handler<'task_executing'>
  onTaskCompleted?: Handler<'task_completed'>
  onTaskFailed?: Handler<'task_failed'>
  onSessionSpawned?: Handler<'session_spawned'>
  onSessionUpdated?: Handler<'session_updated'>
}

export type UseDaemonOptions = {
  /** Connects when the component is there. */
  autoConnect?: boolean
  /** as `getDaemonClient` takes it */
  url?: string
  handlers?: DaemonHandlers
}

export type UseDaemonResult = {
  connected: boolean
  connecting: boolean
  error: Error | null
  daemonStatus: DaemonStatus | null
  /** those that this program spawned, and those that it was told of */
  sessions: Session[]
  reconnectAttempts: number
  getSession: (sessionId: string) => Session | undefined
} & Pick<
  DaemonClient,
  | 'connect'
  | 'disconnect'
  | 'spawnSession'
  | 'executeTask'
  | 'getSessionStatus'
  | 'getDaemonStatus'
  | 'stopSession'
>

/** All components share one connection. */
export type UseDaemon = (options?: UseDaemonOptions) => UseDaemonResult

/** Connects by itself. `streamOutput` is the text of the session's last turn; the handlers hear of this session alone. */
export type UseSessionMonitor = (
  sessionId: string,
  handlers?: DaemonHandlers,
) => { session: Session | undefined; streamOutput: string; connected: boolean }
