// What a client orders: a session with its first task, and tasks for a session that is there. Only texts are looked
// at; kinds and priorities are kept as they were sent.

import { PaidError } from '../../../protocol/error.ts'
import { limits } from '../../../protocol/limits.ts'
import { isFields } from '../../../lib/fields.ts'
import type { OrchestratorFrame } from './frames.ts'

type Fields = Record<string, unknown>

export type Order = {
  prompt: string
  directory: string | undefined
  labels: Record<string, string>
  /** of the task, besides what the daemon itself says of it */
  more: Fields
}

const textIn = (fields: Fields, name: string): string | undefined => {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** As much of it as a label holds. */
const label = (text: string): string => text.slice(0, limits.sessionLabelBytes).toWellFormed()

/** Throws `bad_request` for an order that says no task. */
export const orderOf = (payload: Fields): Order => {
  const { task } = payload
  const fields = isFields(task) ? task : {}
  const prompt = typeof task === 'string' ? task : textIn(fields, 'description')
  if (prompt === undefined || prompt.trim() === '')
    throw new PaidError('bad_request', 'spawn_session needs a text in payload.task.description')
  const metadata = isFields(fields['metadata']) ? fields['metadata'] : undefined
  const assignedTo = textIn(fields, 'assignedTo')
  const given = isFields(payload['metadata']) ? JSON.stringify(payload['metadata']) : ''
  return {
    prompt,
    directory: textIn(payload, 'directory') ?? (metadata && textIn(metadata, 'directory')),
    labels: {
      orchestratorId: label(textIn(payload, 'orchestratorId') ?? 'default'),
      sessionType: label(textIn(payload, 'sessionType') ?? 'claude-code'),
      taskType: label(textIn(fields, 'type') ?? 'general'),
      priority: label(textIn(fields, 'priority') ?? 'medium'),
      description: label(prompt),
      // as a whole or not at all
      ...(given !== '' && given.length <= limits.sessionLabelBytes && { metadata: given }),
    },
    more: { ...(metadata && { metadata }), ...(assignedTo !== undefined && { assignedTo }) },
  }
}

/** What a session is told to do; undefined when nothing is said. */
export const taskOf = ({ task, context }: Fields): string | undefined => {
  const text = isFields(task) ? textIn(task, 'description') : task
  if (typeof text !== 'string' || text.trim() === '') return undefined
  if (!isFields(context) || Object.keys(context).length === 0) return text
  return `${text}\n\nContext:\n${JSON.stringify(context, null, 2)}`
}

const digits = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** `session_<ms>_<9 characters>`, as its clients know them. */
export const freshAlias = (now = Date.now()): string => {
  let random = ''
  for (const byte of crypto.getRandomValues(new Uint8Array(9))) random += digits[byte % digits.length]
  return `session_${now}_${random}`
}

export const payloadOf = ({ payload }: OrchestratorFrame): Fields | undefined =>
  isFields(payload) ? payload : undefined
