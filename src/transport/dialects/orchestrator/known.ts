// What is known of a session that runs, kept up with its events.

import { liveStatuses, type Session, sessionStatuses, type Tokens } from '../../../protocol/sessions.ts'
import type { LogEvent } from '../../../core/log-event.ts'
import { isFields } from '../../../lib/fields.ts'
import type { Shown } from './session.ts'

export type Known = Shown & {
  tokens: Tokens
  /** the last event that is in it */
  seq: number
  /** who began it */
  by: string
  /** the message that it was spawned with */
  first?: string
}

const noTokens: Tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }

/** From the event that tells of its beginning. */
export const spawned = (id: string, event: LogEvent, task: Shown['task']): Known => {
  const { data } = event
  const { alias, labels, title, startedAt } = isFields(data) ? data : {}
  return {
    id,
    kind: 'managed',
    status: 'initializing',
    startedAt: typeof startedAt === 'number' ? startedAt : event.at,
    lastAt: event.at,
    seq: event.seq,
    by: event.by,
    turns: 0,
    failedTurns: 0,
    busyMs: 0,
    tokens: noTokens,
    ...(typeof alias === 'string' && { alias }),
    ...(typeof title === 'string' && { title }),
    ...(isFields(labels) && { labels: textsIn(labels) }),
    ...(task && { task }),
  }
}

/** From its row, when it begins anew. */
export const resumed = (session: Session, { seq, by }: LogEvent): Known => {
  const { endedAt: _ended, ...rest } = session
  return { ...rest, seq, by, status: 'initializing', tokens: session.tokens ?? noTokens, first: '' }
}

export const change = (of: Known, event: LogEvent): void => {
  const { data } = event
  if (!isFields(data)) return
  of.lastAt = event.at
  switch (event.type) {
    case 'message.queued':
      of.first ??= String(data['message'])
      break
    case 'turn.started':
      of.status = 'running'
      of.turns = (of.turns ?? 0) + 1
      break
    case 'turn.finished':
      of.lastFailed = data['ok'] !== true
      of.failedTurns = (of.failedTurns ?? 0) + (of.lastFailed ? 1 : 0)
      of.busyMs = (of.busyMs ?? 0) + numberIn(data, 'durationMs')
      of.tokens = sumOf(of.tokens, isFields(data['usage']) ? data['usage'] : {})
      break
    case 'session.status':
      of.status = liveStatuses.find((status) => status === data['status']) ?? of.status
      break
    case 'session.ended':
      of.status = sessionStatuses.find((status) => status === data['status']) ?? 'failed'
      of.endedAt = event.at
      break
  }
}

const textsIn = (fields: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : [])),
  )

const numberIn = (fields: Record<string, unknown>, name: string): number => {
  const value = fields[name]
  return typeof value === 'number' ? value : 0
}

const sumOf = (tokens: Tokens, usage: Record<string, unknown>): Tokens => ({
  input: tokens.input + numberIn(usage, 'input'),
  output: tokens.output + numberIn(usage, 'output'),
  cacheRead: tokens.cacheRead + numberIn(usage, 'cacheRead'),
  cacheWrite: tokens.cacheWrite + numberIn(usage, 'cacheWrite'),
})
