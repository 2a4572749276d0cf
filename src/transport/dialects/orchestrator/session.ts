// A managed session as the orchestrator daemon shows one. What is its own of a session (who ordered it, the kind and
// the priority of its task) lies in the session's labels.

import { isFields } from '../../../lib/fields.ts'
import type { Session, Tokens } from '../../../protocol/sessions.ts'

/** What is shown of a session. */
export type Shown = Pick<
  Session,
  | 'id'
  | 'kind'
  | 'alias'
  | 'labels'
  | 'status'
  | 'title'
  | 'startedAt'
  | 'endedAt'
  | 'lastAt'
  | 'turns'
  | 'tokens'
  | 'failedTurns'
  | 'busyMs'
> & {
  /** the whole text of its task, and what came with it, while somebody knows them */
  task?: { description: string; more: Record<string, unknown> }
  /** how its last turn ended, while it waits for the next */
  lastFailed?: boolean
}

/** Shown for what is still at work, whatever it does. */
export const shownId = ({ id, alias }: Pick<Session, 'id' | 'alias'>): string => alias ?? id

type Status = 'initializing' | 'running' | 'paused' | 'completed' | 'failed' | 'terminated'

/** A session that waits for its next task has completed the last one. */
export const statusOf = ({ status, lastFailed }: Pick<Shown, 'status' | 'lastFailed'>): Status => {
  if (status === 'waiting') return 'paused'
  if (status === 'idle') return lastFailed === true ? 'failed' : 'completed'
  return status === undefined || status === 'lost' ? 'failed' : status
}

const taskStatuses: Record<Status, string> = {
  initializing: 'pending',
  running: 'in_progress',
  paused: 'in_progress',
  completed: 'completed',
  failed: 'failed',
  terminated: 'cancelled',
}

export const firstTaskOf = (id: string): string => `task_${id}`

/** The id of the task that a message is, or a turn that began without one. */
export const taskOfMessage = (message: string): string => message.replace(/^[a-z]+/, 'task')

export const allTokens = ({ input, output, cacheRead, cacheWrite }: Tokens): number =>
  input + output + cacheRead + cacheWrite

const noTokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
const isoOf = (at: number): string => new Date(at).toISOString()

/** What its order said of it besides. */
const metadataIn = ({ metadata = '' }: Record<string, string>): { metadata?: object } => {
  try {
    const value: unknown = JSON.parse(metadata)
    return isFields(value) ? { metadata: value } : {}
  } catch {
    return {}
  }
}

export const sessionOf = (of: Shown, now = Date.now(), status = statusOf(of)) => {
  const { labels = {}, startedAt = of.lastAt, turns = 0, failedTurns = 0, busyMs = 0 } = of
  const over = of.endedAt ?? (of.status === 'idle' ? of.lastAt : undefined)
  // one that could not begin made no turn, and yet went wrong
  const failures = failedTurns + (of.status === 'failed' && turns === 0 ? 1 : 0)
  const open = of.status === 'running' || of.status === 'waiting' ? 1 : 0
  const done = Math.max(0, turns - open)
  return {
    id: shownId(of),
    orchestratorId: labels['orchestratorId'] ?? 'default',
    task: {
      ...of.task?.more,
      id: firstTaskOf(of.id),
      description: of.task?.description ?? labels['description'] ?? of.title ?? '',
      type: labels['taskType'] ?? 'general',
      priority: labels['priority'] ?? 'medium',
      status: taskStatuses[status],
      createdAt: isoOf(startedAt),
      updatedAt: isoOf(Math.max(startedAt, of.lastAt)),
    },
    type: labels['sessionType'] ?? 'claude-code',
    ...metadataIn(labels),
    status,
    startedAt: isoOf(startedAt),
    memoryContext: { scratchpad: {}, episodic: [], semantic: [] },
    metrics: {
      tokensUsed: allTokens(of.tokens ?? noTokens),
      duration: Math.max(0, (over ?? now) - startedAt),
      tasksCompleted: Math.max(0, done - failedTurns),
      errorsEncountered: failures,
      averageResponseTime: done > 0 ? Math.round(busyMs / done) : 0,
    },
    ...(over !== undefined && { endedAt: isoOf(over) }),
  }
}
