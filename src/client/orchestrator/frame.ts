// The orchestrator's frames as they come: fields of which nothing is known until they are looked at.

import type { DaemonStatus, Session, StreamChunk, ToolCallInfo } from '../orchestrator-types.ts'

export type Frame = Record<string, unknown>

const isFrame = (value: unknown): value is Frame =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Undefined for what is none. */
export const frameOf = (text: string): Frame | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isFrame(value) ? value : undefined
  } catch {
    return undefined
  }
}

export const fieldsIn = (frame: Frame, name: string): Frame | undefined => {
  const value = frame[name]
  return isFrame(value) ? value : undefined
}

export const textIn = (frame: Frame, name: string): string | undefined => {
  const value = frame[name]
  return typeof value === 'string' ? value : undefined
}

export const numberIn = (frame: Frame, name: string): number | undefined => {
  const value = frame[name]
  return typeof value === 'number' ? value : undefined
}

/** The session that a frame is about. */
export const sessionIdOf = (frame: Frame): string | undefined =>
  textIn(frame, 'sessionId') ??
  textIn(fieldsIn(frame, 'data') ?? {}, 'sessionId') ??
  textIn(fieldsIn(frame, 'session') ?? {}, 'id')

export const isSession = (value: unknown): value is Session =>
  isFrame(value) && typeof value['id'] === 'string' && typeof value['status'] === 'string'

export const isDaemonStatus = (value: unknown): value is DaemonStatus =>
  isFrame(value) && typeof value['status'] === 'string' && isFrame(value['metrics'])

export const isChunk = (value: unknown): value is StreamChunk =>
  isFrame(value) && typeof value['sessionId'] === 'string' && typeof value['chunk'] === 'string'

export const isToolCall = (value: unknown): value is ToolCallInfo =>
  isFrame(value) && typeof value['sessionId'] === 'string' && typeof value['toolName'] === 'string'
