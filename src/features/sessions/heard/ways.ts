// The ways to a session that was started elsewhere. What is said is kept first. Then the first way that is open takes it:
// Claude Code's own socket, when the user has said yes to it; its next hook; the process that waits while it is idle.

import type { Peer } from '../../../core/peer.ts'
import { aliveIn } from '../alive.ts'
import { openClaudeSocket } from './claude-socket.ts'
import type { SessionsGround } from '../ground.ts'
import type { HeardMessages } from './messages.ts'
import { createIdle } from './idle.ts'
import type { Message } from '../queue.ts'

/** the hook of the same moment asks first: what it is told needs nobody to be woken */
const afterHookMs = 1000

type Ground = Pick<SessionsGround, 'settings' | 'claudeFolder' | 'bus' | 'steady' | 'logger'>

export const createHeardWays = (
  { settings, claudeFolder, bus, steady, logger }: Ground,
  messages: HeardMessages,
) => {
  const idle = createIdle(bus)

  const throughSocket = async (id: string, { id: message }: Message): Promise<boolean> => {
    const path = aliveIn(claudeFolder).get(id)?.socket
    const socket = path === undefined ? undefined : await openClaudeSocket(path)
    return (
      socket !== undefined &&
      (await messages.handOver(id, (each) => each.id === message, 'inbox', socket.write))
    )
  }

  /** With all that waits for it and starts work. */
  const wake = async (id: string): Promise<boolean> => {
    if (!idle.has(id)) return false
    const leave = (text: string): Promise<boolean> => Promise.resolve(idle.wake(id, text))
    return messages.handOver(id, ({ urgency }) => urgency !== 'note', 'rewake', leave)
  }

  const failed =
    (id: string) =>
    (error: unknown): false => {
      logger.warn('a message waits for a hook of its session instead', { session: id, error })
      return false
    }

  return {
    /** Throws `busy`, `too_large`, `storage_full`. Resolves with the way it went, or is to go. */
    say: async (id: string, message: Message): Promise<'inbox' | 'rewake' | 'hook'> => {
      await messages.add(id, message)
      // a note starts no work, and these do
      if (message.urgency === 'note') return 'hook'
      if (settings.inbox && (await throughSocket(id, message).catch(failed(id)))) return 'inbox'
      return (await wake(id).catch(failed(id))) ? 'rewake' : 'hook'
    },

    /** Resolves with what wakes the session; undefined: there is nothing to wait for. */
    waitBeside: async (id: string, peer: Peer): Promise<string | undefined> => {
      const callOff = steady.wake(steady.now() + afterHookMs, () => void wake(id).catch(failed(id)))
      try {
        return await idle.wait(id, peer)
      } finally {
        callOff()
      }
    },

    close: idle.close,
  }
}
