// Which event a frame of the daemon is, and what its handlers get.

import type { Emitter } from './emitter.ts'
import { type Frame, fieldsIn, isChunk, isDaemonStatus, isSession, isToolCall, textIn } from './frame.ts'

export const tell = (emit: Emitter['emit'], frame: Frame): void => {
  const { type, session, status, data, result } = frame
  const sessionId = textIn(frame, 'sessionId') ?? ''
  const taskId = textIn(frame, 'taskId') ?? ''
  switch (type) {
    case 'session_spawned':
      if (isSession(session)) emit('session_spawned', session)
      break
    case 'session_status_update':
      if (isSession(session)) emit('session_updated', session)
      break
    case 'daemon_status_update':
      if (isDaemonStatus(status)) emit('daemon_status', status)
      break
    case 'stream_start':
    case 'stream_end':
      emit(type, sessionId, fieldsIn(frame, 'metadata'))
      break
    case 'stream_chunk':
      if (isChunk(data)) emit(type, data)
      break
    case 'tool_call_start':
    case 'tool_call_result':
      if (isToolCall(data)) emit(type, data)
      break
    case 'task_executing':
      emit(type, sessionId, taskId)
      break
    case 'task_completed':
      emit(type, sessionId, taskId, result)
      break
    case 'task_failed':
      emit(type, sessionId, taskId, textIn(frame, 'error') ?? 'The task failed')
      break
    case 'error':
      emit(type, new Error(textIn(frame, 'error') ?? 'The daemon refused'))
      break
  }
}
