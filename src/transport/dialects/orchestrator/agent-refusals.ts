// How /api/daemon says no. Two shapes, by route: `{"error":{"message","code","details"?}}` and
// `{"error":"text","code":"CODE"}`. What a code of ours is called there is in one table; a route may call it otherwise.

import type { ErrorCode, PaidError } from '../../../protocol/error.ts'

/** `nested`: with message and code inside of `error`. */
export type Shape = 'nested' | 'flat'

/** Message and code; without a message that of ours. */
export type Words = readonly [message: string | undefined, code: string]
export type Renamed = Partial<Record<ErrorCode, Words>>

const words: Renamed = {
  bad_token: ['Unauthorized', 'UNAUTHORIZED'],
  bad_key: ['Invalid API key', 'UNAUTHORIZED'],
  unknown_key: ['Orchestrator not found', 'ORCHESTRATOR_NOT_FOUND'],
  key_disabled: ['Daemon is disabled', 'DAEMON_DISABLED'],
  insufficient_scope: [undefined, 'INSUFFICIENT_SCOPE'],
  unknown_agent_session: ['Session not found or expired', 'SESSION_NOT_FOUND'],
  invalid_json: ['Invalid JSON body', 'VALIDATION_ERROR'],
  bad_request: [undefined, 'VALIDATION_ERROR'],
  internal: [undefined, 'INTERNAL_ERROR'],
  too_many_requests: [undefined, 'RATE_LIMITED'],
}

export const refusalText = (error: PaidError, shape: Shape, renamed: Renamed = {}): string => {
  const [message = error.message, code] = renamed[error.code] ??
    words[error.code] ?? [undefined, error.code.toUpperCase()]
  return bodyOf(shape, message, code)
}

export const bodyOf = (shape: Shape, message: string, code: string, details?: object): string =>
  JSON.stringify(
    shape === 'nested' ? { error: { message, code, details } } : { error: message, code, details },
  )
