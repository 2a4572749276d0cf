// The ways to a session that was started elsewhere. What is said is kept first. Then the first way that is open takes it:
// Claude Code's own socket, when the user has said yes to it; its next hook; the process that waits while it is idle.

import { aliveIn } from './alive.ts'
import { openClaudeSocket } from './claude-socket.ts'
import type { SessionsGround } from './ground.ts'
import type { HeardMessages } from './heard-messages.ts'
import type { Message } from './queue.ts'

export const createHeardWays = (
  { settings, claudeFolder, logger }: Pick<SessionsGround, 'settings' | 'claudeFolder' | 'logger'>,
  messages: HeardMessages,
) => {
  const throughSocket = async (id: string, { id: message }: Message): Promise<boolean> => {
    const path = aliveIn(claudeFolder).get(id)?.socket
    const socket = path === undefined ? undefined : await openClaudeSocket(path)
    return socket !== undefined && (await messages.handOver(id, message, 'inbox', socket.write))
  }

  /** Throws `busy`, `too_large`, `storage_full`. Resolves with the way it went, or is to go. */
  return async (id: string, message: Message): Promise<'inbox' | 'hook'> => {
    await messages.add(id, message)
    // a note starts no work, and these do
    if (message.urgency === 'note') return 'hook'
    try {
      if (settings.inbox && (await throughSocket(id, message))) return 'inbox'
    } catch (error) {
      logger.warn('a message waits for a hook of its session instead', { session: id, error })
    }
    return 'hook'
  }
}
