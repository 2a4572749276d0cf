// What the rooms have for a session, in the words of a reply to a hook of Claude Code; `{}` when it is nothing.
// Source: Claude Code's hooks reference; what the model gets of each as seen from 2.1.329.

import type { Params, Result } from '../../protocol/api.ts'
import { isGuardedTool } from '../../lib/guarded-tools.ts'
import { refusedTool } from '../../lib/refused-tool.ts'
import { type TellingHook, tellingHooks } from '../../protocol/hooks.ts'
import { isFields } from '../../lib/fields.ts'

export const nothing = '{}'

/** A hook that was posted, as far as its reply needs it. */
export type Asking = { id: string; type: TellingHook; again: boolean }

/** Undefined when the reply to this hook tells a session nothing, or would tell it to an agent inside of it. */
export const askingIn = (type: string, data: unknown): Asking | undefined => {
  const telling = tellingHooks.find((each) => each === type)
  if (!telling || !isFields(data) || data['agent_id'] !== undefined) return undefined
  const id = data['session_id']
  if (typeof id !== 'string' || id === '') return undefined
  return { id, type: telling, again: data['stop_hook_active'] === true }
}

/** A reason to block a Stop would reach the model twice, and the user as an error; what is told beside it does neither. */
export const encodeContext = (type: TellingHook, context: string | undefined): string =>
  context === undefined
    ? nothing
    : JSON.stringify({ hookSpecificOutput: { hookEventName: type, additionalContext: context } })

/** The tool that a hook comes before; undefined when no guard could be about it. */
export const toolUseIn = (
  data: unknown,
): { session: string; tool: string; input: Record<string, unknown>; directory?: string } | undefined => {
  if (!isFields(data)) return undefined
  const { session_id: session, tool_name: tool, tool_input: input, cwd } = data
  if (typeof session !== 'string' || typeof tool !== 'string' || !isFields(input)) return undefined
  if (!isGuardedTool(tool)) return undefined
  return { session, tool, input, ...(typeof cwd === 'string' && { directory: cwd }) }
}

export const encodeRefusal = (reason: string): string => JSON.stringify(refusedTool(reason))

/**
 * What a session asks leave for, as far as it is kept, and the rules that it suggests, as they were sent: they are given
 * back to it.
 */
export const requestIn = (
  type: string,
  data: unknown,
  sent: () => unknown,
): Params<'session.ask'> | undefined => {
  if (type !== 'PermissionRequest' || !isFields(data)) return undefined
  const { session_id: id, tool_name: tool, tool_input: input, agent_id } = data
  const whole = sent()
  const suggestions = isFields(whole) ? whole['permission_suggestions'] : undefined
  if (typeof id !== 'string' || typeof tool !== 'string' || !isFields(input)) return undefined
  return {
    id,
    tool,
    input,
    ...(Array.isArray(suggestions) && { suggestions }),
    ...(typeof agent_id === 'string' && { agent: agent_id }),
  }
}

export const encodeDecision = ({ decision }: Result<'session.ask'>): string =>
  decision
    ? JSON.stringify({ hookSpecificOutput: { hookEventName: 'PermissionRequest', decision } })
    : nothing
