// What a program sees of the orchestrator daemon's client, as its document has it: types alone, shipped as they stand
// here.

export type SessionStatus = 'initializing' | 'running' | 'paused' | 'completed' | 'failed' | 'terminated'

export type SessionTask = {
  id: string
  type: string
  description: string
  priority: string
  status: string
  createdAt: string
  updatedAt: string
  metadata?: Record<string, unknown>
  assignedTo?: string
}

export type SessionMetrics = {
  tokensUsed: number
  /** milliseconds, as all times are */
  duration: number
  tasksCompleted: number
  errorsEncountered: number
  averageResponseTime: number
}

export type Session = {
  id: string
  orchestratorId: string
  task: SessionTask
  /** as it was asked for: `claude-code`, `claude-flow` */
  type: string
  status: SessionStatus
  startedAt: string
  endedAt?: string
  memoryContext?: { scratchpad: Record<string, unknown>; episodic: unknown[]; semantic: unknown[] }
  metrics: SessionMetrics
}

export type DaemonMetrics = {
  totalSessionsSpawned: number
  totalTasksProcessed: number
  totalTokensUsed: number
  averageSessionDuration: number
  activeSessions: number
  successRate: number
}

export type DaemonStatus = {
  status: 'initializing' | 'running' | 'degraded' | 'stopped'
  uptime: number
  activeSessions: number
  queuedTasks: number
  metrics: DaemonMetrics
  subsystems: Record<string, { status: 'running' | 'degraded' | 'error' | 'stopped'; lastCheck?: string }>
}

export type StreamChunk = {
  sessionId: string
  chunk: string
  metadata?: { type: 'text' | 'thinking' | 'tool_use'; index: number; total?: number }
}

export type ToolCallInfo = {
  sessionId: string
  toolName: string
  toolInput?: unknown
  status: 'started' | 'completed' | 'failed'
  result?: unknown
  error?: string
  timestamp?: string
}

export type SpawnSessionPayload = {
  orchestratorId: string
  task:
    | string
    | {
        type: string
        description: string
        priority?: string
        status?: string
        metadata?: Record<string, unknown>
        assignedTo?: string
      }
  sessionType?: string
  memoryProfile?: string
  /** where it works; a new folder when not given */
  directory?: string
}

export type ExecuteTaskPayload = {
  sessionId: string
  task: string
  context?: Record<string, unknown>
  /** false: no stream, the result of `task_completed` has the whole text */
  streamResponse?: boolean
}

/** The events, with the arguments of their handlers. */
export type DaemonEvents = {
  connected: []
  disconnected: []
  error: [error: Error]
  /** An attempt to connect again begins. */
  reconnecting: [attempt: number]
  session_spawned: [session: Session]
  session_updated: [session: Session]
  daemon_status: [status: DaemonStatus]
  stream_start: [sessionId: string, metadata: Record<string, unknown> | undefined]
  stream_chunk: [chunk: StreamChunk]
  stream_end: [sessionId: string, metadata: Record<string, unknown> | undefined]
  tool_call_start: [info: ToolCallInfo]
  tool_call_result: [info: ToolCallInfo]
  task_executing: [sessionId: string, taskId: string]
  task_completed: [sessionId: string, taskId: string, result: unknown]
  task_failed: [sessionId: string, taskId: string, error: string]
  /** everything that the daemon sends, as it came */
  message: [frame: Record<string, unknown>]
}

/** What its promises reject with is an `error` event too; only of `spawnSession` it is not. */
export type DaemonClient = {
  /**
   * Resolves when it is connected; rejects when this attempt fails, after which it is tried again by itself. A second
   * call joins the first.
   */
  connect: () => Promise<void>
  /** Ends the connection, and all attempts; it stays so until `connect`. */
  disconnect: () => void
  isConnected: () => boolean
  on: <E extends keyof DaemonEvents>(event: E, handler: (...args: DaemonEvents[E]) => void) => void
  off: <E extends keyof DaemonEvents>(event: E, handler: (...args: DaemonEvents[E]) => void) => void
  /** Sends a frame as it is. */
  send: (frame: Record<string, unknown>) => void
  /** Resolves as soon as there is a session; what becomes of it are events. */
  spawnSession: (payload: SpawnSessionPayload) => Promise<Session>
  /** Resolves when the daemon has taken the task; what becomes of it are events. */
  executeTask: (payload: ExecuteTaskPayload) => Promise<void>
  /** Gives the session, whose events are heard from then on. */
  getSessionStatus: (sessionId: string) => Promise<Session>
  getDaemonStatus: () => Promise<DaemonStatus>
  /** Resolves when it is gone. */
  stopSession: (sessionId: string) => Promise<void>
}

/**
 * The client of the daemon at `url`, the same one for everybody who asks. Without `url` it is the one that was asked for
 * first, else that of NEXT_PUBLIC_DAEMON_WS_URL, else `ws://localhost:8787`. A `?token=` of the address is shown to the
 * daemon.
 */
export type GetDaemonClient = (url?: string) => DaemonClient
