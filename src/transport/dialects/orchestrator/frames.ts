// The orchestrator daemon's frames: what is said in its words. An answer repeats the `id` of its question, if that had
// one: its own clients send none, and find their answers by their order.
// Source: the orchestrator daemon's document, and the frames of its server.

import { PaidError } from '../../../protocol/error.ts'

export type OrchestratorFrame = Record<string, unknown>

/** What every connection hears first. */
export const greeting = '{"type":"health_check_response","healthy":true}'

export const goodbyeCode = 1000
export const goodbyeText = 'Server shutting down'

export const invalidFormat = 'Invalid message format'
export const unknownType = 'Unknown message type'

/** What an answer repeats of its question. */
export const idOf = ({ id }: OrchestratorFrame): { id?: string | number } =>
  typeof id === 'string' || typeof id === 'number' ? { id } : {}

/** An answer to `frame`. */
export const replyText = (frame: OrchestratorFrame, reply: Record<string, unknown>): string =>
  JSON.stringify({ ...reply, ...idOf(frame) })

export const errorText = (frame: OrchestratorFrame, error: string): string =>
  replyText(frame, { type: 'error', error })

/** What went wrong with a request that could be understood. */
export const failureText = (frame: OrchestratorFrame, error: unknown): string =>
  errorText(frame, messageOf(error))

export const messageOf = (error: unknown): string =>
  (error instanceof PaidError ? error : new PaidError('internal')).message

/** What a client named, as an error says it. */
export const nameOf = (id: unknown): string =>
  typeof id === 'object' && id !== null ? JSON.stringify(id) : String(id)

export const notFound = (id: unknown): string => `Session not found: ${nameOf(id)}`
