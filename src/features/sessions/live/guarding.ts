// Guards of a session that runs here: Claude Code asks them over its output, before a tool touches a file. It is always
// told to ask, so that a guard that is added later holds too; without any the answer comes at once.

import { guardedTools } from '../../../lib/guarded-tools.ts'
import { refusedTool } from '../../../lib/refused-tool.ts'
import { limits } from '../../../protocol/limits.ts'
import { createPeer, endPeer, type Peer } from '../../../core/peer.ts'
import { type Fields, fieldsIn, textIn } from '../line.ts'
import type { Place } from '../rows.ts'

type Use = { session: string; tool: string; input: Fields; directory: string }

export type CheckGuards = (peer: Peer, use: Use) => Promise<{ allowed: boolean; reason?: string | undefined }>

/** What the session is to ask before. */
export const guardHooks = {
  PreToolUse: [
    {
      matcher: guardedTools.join('|'),
      hookCallbackIds: ['guards'],
      timeout: limits.guardWaitMs / 1000 + 30,
    },
  ],
}

export const createGuarding = (
  check: CheckGuards,
  { namespace, id, directory }: Place & { directory: string },
  say: (line: object) => void,
) => {
  /** tools that wait for an answer, each a caller of its own */
  const waiting = new Map<string, Peer>()

  const cancel = (request: string): void => {
    const peer = waiting.get(request)
    waiting.delete(request)
    if (peer) endPeer(peer)
  }

  const outcome = async (peer: Peer, use: Use): Promise<object> => {
    try {
      const { allowed, reason } = await check(peer, use)
      return { subtype: 'success', response: allowed ? {} : refusedTool(reason ?? 'It is guarded') }
    } catch (error) {
      return { subtype: 'error', error: error instanceof Error ? error.message : String(error) }
    }
  }

  return {
    answer: async (request: string, hook: Fields): Promise<void> => {
      const use = {
        session: id,
        tool: textIn(hook, 'tool_name') ?? '',
        input: fieldsIn(hook, 'tool_input'),
        directory: textIn(hook, 'cwd') ?? directory,
      }
      const peer = createPeer('daemon:sessions', 'write', namespace)
      waiting.set(request, peer)
      const said = await outcome(peer, use)
      if (waiting.delete(request))
        say({ type: 'control_response', response: { request_id: request, ...said } })
    },

    /** The tool is not used any more: no lock is waited for. */
    cancel,
    cancelAll: (): void => {
      for (const request of waiting.keys()) cancel(request)
    },
  }
}

export type Guarding = ReturnType<typeof createGuarding>
