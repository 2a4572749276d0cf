// Orchestrator requests of one connection, and its manners: it is the home dialect of every WebSocket but `/ws`, so it
// answers what nobody else knows. Promises: an answer for each frame, in their order; nothing closes the connection.

import type { PaidError } from '../protocol/error.ts'
import type { Dispatch } from '../core/dispatch.ts'
import type { Connection } from './connection.ts'
import {
  errorText,
  failureText,
  invalidFormat,
  unknownType,
  replyText,
  type OrchestratorFrame,
} from './dialects/orchestrator/frames.ts'
import { statusOf } from './dialects/orchestrator/status.ts'
import { isFields } from './dialects/pai.ts'

export type Orchestrator = ReturnType<typeof createOrchestrator>

export const createOrchestrator = (connection: Connection, dispatch: Dispatch) => {
  const { peer } = connection

  /** Answers it in its turn. */
  const ask = (frame: OrchestratorFrame, answer: () => Promise<string>): void =>
    connection.take({
      reads: true,
      answer: () => answer().catch((error: unknown) => failureText(frame, error)),
    })

  const takes: Readonly<Record<string, (frame: OrchestratorFrame) => void>> = {
    ping: (frame) => connection.take(replyText(frame, { type: 'pong' })),
    health_check: (frame) =>
      connection.take(replyText(frame, { type: 'health_check_response', healthy: true })),
    daemon_status: (frame) =>
      ask(frame, async () =>
        replyText(frame, {
          type: 'daemon_status_update',
          status: statusOf(await dispatch(peer, 'system.status', {})),
        }),
      ),
  }

  return {
    /** Takes a frame that is nobody else's. */
    take: (frame: unknown): void => {
      const fields = isFields(frame) ? frame : {}
      const { type } = fields
      const take = typeof type === 'string' && Object.hasOwn(takes, type) ? takes[type] : undefined
      if (take) take(fields)
      else connection.take(errorText(fields, unknownType))
    },
    /** Answers what could not be read. */
    refuse: (error: PaidError): void =>
      connection.take(error.code === 'invalid_json' ? errorText({}, invalidFormat) : failureText({}, error)),
  }
}
