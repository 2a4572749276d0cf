// What the rooms have for a session, in the words of a reply to a hook of Claude Code; `{}` when it is nothing.
// Source: Claude Code's hooks reference; what the model gets of each as seen from 2.1.329.

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

/** What the tool is that a hook comes before; undefined for what is none. */
export const toolUseIn = (
  data: unknown,
): { session: string; tool: string; input: Record<string, unknown>; directory?: string } | undefined => {
  if (!isFields(data)) return undefined
  const { session_id: session, tool_name: tool, tool_input: input, cwd } = data
  if (typeof session !== 'string' || typeof tool !== 'string' || !isFields(input)) return undefined
  return { session, tool, input, ...(typeof cwd === 'string' && { directory: cwd }) }
}

export const encodeRefusal = (reason: string): string => JSON.stringify(refusedTool(reason))
